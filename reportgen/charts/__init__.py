"""One figure style for the whole report; diagnostics draw with it, nothing else styles."""
