"""People and their data: accounts, exports, erasing, backups, keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from coach.cli.app import app
from coach.errors import AttuneError
from coach.settings import settings
from coach.store import Store

user = typer.Typer(no_args_is_help=True, help="Accounts, and the password of the Review page.")
app.add_typer(user, name="user")
keys = typer.Typer(no_args_is_help=True, help="The keys that what people wrote is sealed with.")
app.add_typer(keys, name="keys")
Whose = Annotated[str | None, typer.Option("--name", help="Name of the account; needed where there are accounts.")]


@user.command("add")
def user_add(name: Annotated[str, typer.Argument(help="The name to sign in with.")]) -> None:
    """Make an account; the person chooses another password in Settings."""
    from coach.assemble import store
    from coach.people.accounts import add_by_owner

    add_by_owner(store(), name, _new_password(f"Password for {name}"))
    print(f"{name} can sign in now.")


@user.command("coach")
def user_coach(
    coach: Annotated[str, typer.Argument(help="The coach's account.")],
    partner: Annotated[str, typer.Argument(help="The account of one of the two they are to coach.")],
) -> None:
    """Let somebody coach a couple. Both see it on their People page, and each agrees to what is seen, or not."""
    from coach.assemble import store
    from coach.store.couples import couple_of, ensure_member, start_couple
    from coach.store.visible import COACHING

    kept = store()
    who, whom = _person(kept, coach), _person(kept, partner)
    couple = start_couple(kept, whom)
    members = couple_of(kept, whom)
    if members and any(one.person == who for one in members.members):
        raise AttuneError(f"{coach} is in that couple already.")
    ensure_member(kept, couple, who, COACHING)
    print(f"{coach} coaches the couple of {partner} now. Each of the two can end it.")


@user.command("password")
def user_password(name: Annotated[str, typer.Argument(help="The account's name.")]) -> None:
    """Set another password for an account whose owner has forgotten it; every browser is signed out."""
    from coach.assemble import store
    from coach.people.accounts import account_key
    from coach.people.passwords import hash_password
    from coach.store.accounts import change_hash

    kept = store()
    _person(kept, name)
    change_hash(kept, account_key(name), hash_password(_new_password(f"New password for {name}")))
    print("The password is set.")


@user.command("review")
def user_review(reset: Annotated[bool, typer.Option("--reset", help="Set it anew.")] = False) -> None:
    """Set the password that opens the Review page of an installation without accounts."""
    from coach.assemble import store
    from coach.people.coach_password import is_set, set_password

    kept = store()
    if is_set(kept) and not reset:
        raise AttuneError("A coach's password is set already. Use --reset to set another.")
    set_password(kept, _new_password("Password for the Review page"), replace=reset)
    print("The password is set.")


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="File to write; .html for a page to read.")] = Path("attune-export.json"),
    name: Whose = None,
) -> None:
    """Write everything kept of a person to one file, as JSON or as a page to read."""
    from coach.assemble import store
    from coach.people.export import as_html
    from coach.store.rights import export_person

    kept = store()
    data = export_person(kept, _person(kept, name))
    page = to.suffix.lower() in (".html", ".htm")
    to.write_text(as_html(data) if page else json.dumps(data, ensure_ascii=False, indent=2), encoding="utf-8")
    print(f"Written to {to}.")


@app.command()
def erase(name: Whose = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False) -> None:
    """Erase everything kept of a person, and look whether anything is left."""
    from coach.assemble import store
    from coach.store.rights import erase_person, left_behind

    kept = store()
    who = _person(kept, name)
    if not yes and not typer.confirm("Erase every conversation, suggestion and agreement? This cannot be undone."):
        raise typer.Exit(1)
    erase_person(kept, who)
    rest = left_behind(kept, who)
    if rest:
        raise AttuneError(f"Not everything could be erased: {', '.join(rest)}.")
    print("Erased: nothing is left in any table. Copies made with `coach backup` are yours to delete.")


@app.command()
def backup(to: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Copy the database to a file while the app may go on running (SQLite)."""
    from coach.store.backup import backup_sqlite
    from coach.store.vault import FILE

    backup_sqlite(settings().store_url, to)
    where = "COACH_KEYS" if settings().keys else f"{FILE} in the data folder"
    print(f"Written to {to}. It can be read only with the key ({where}); keep a copy of that elsewhere.")


@app.command()
def restore(
    copy: Annotated[Path, typer.Argument(help="A file that `coach backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Put a copy in the place of the database (SQLite). Stop the app first."""
    from coach.assemble import store
    from coach.store.backup import restore_sqlite

    if not yes and not typer.confirm("Put this copy in the place of what is there now?"):
        raise typer.Exit(1)
    before = restore_sqlite(settings().store_url, copy)
    store().close()
    print("The copy is in place." + (f" What was there before is kept as {before.name}." if before else ""))


@keys.command("new")
def keys_new() -> None:
    """Print a fresh key, for COACH_KEYS."""
    from coach.store.vault import new_key

    print(new_key())


@keys.command("rotate")
def keys_rotate() -> None:
    """Make a new key, seal everything with it, and forget the old one. Stop the app first."""
    from coach.store import open_store
    from coach.store.rights import seal_anew
    from coach.store.vault import new_key, read_keys, write_keys

    chosen = settings()
    if chosen.keys:
        raise AttuneError(
            "The keys are set by COACH_KEYS: put a new one first there, run `coach keys reseal`, then take the old out."
        )
    old = read_keys(None, chosen.data_dir)
    fresh = [new_key(), *old]
    # Both keys are on the disk until everything is sealed with the new one, so a stop in between loses nothing.
    write_keys(fresh, chosen.data_dir)
    kept = open_store(chosen.store_url, fresh)
    done = seal_anew(kept)
    kept.close()
    write_keys(fresh[:1], chosen.data_dir)
    print(f"{done} records are sealed with a new key; the old one is gone. Backups made before need the old one.")


@keys.command("reseal")
def keys_reseal() -> None:
    """Seal everything with the first key of COACH_KEYS."""
    from coach.assemble import store
    from coach.store.rights import seal_anew

    print(f"{seal_anew(store())} records are sealed with the first key.")


def _person(kept: Store, name: str | None) -> str:
    """The person meant: the account of that name, or the one person of an installation without accounts."""
    from coach.people.accounts import account_key
    from coach.store.accounts import account, any_account
    from coach.store.conversations import LOCAL

    if name is None:
        if any_account(kept):
            raise AttuneError("There are accounts here; say whose with --name.")
        return LOCAL
    found = account(kept, account_key(name))
    if found is None:
        raise AttuneError(f"There is no account called {name}.")
    return found[0]


def _new_password(prompt: str) -> str:
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True))
