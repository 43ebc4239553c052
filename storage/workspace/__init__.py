"""Facts about a workspace: its processes' reports, problems and group members."""
