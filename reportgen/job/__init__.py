"""The job file: YAML into one frozen, validated :class:`~reportgen.job.schema.Job`."""
