"""What is known of a workspace: its processes' reports, problems, group members."""
