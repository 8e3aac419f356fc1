"""What light a galaxy or a star sends, one file per family of spectra, and the filters it goes through."""
