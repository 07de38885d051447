"""Keras, scikit-learn, Python, SavedModel and prediction files behind one protocol."""
