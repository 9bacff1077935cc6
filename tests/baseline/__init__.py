"""The baseline artifact: its numbers against scikit-learn, its file, its fingerprint, how it is found."""
