"""Where audits run: processes of this machine for now."""
