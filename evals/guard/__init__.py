"""Training and measuring the classifier of the screen. Needs the development packages; the app itself never trains."""
