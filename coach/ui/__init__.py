"""The screens. Apart from app.py, the only place that imports Streamlit."""
