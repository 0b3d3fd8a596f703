"""The door for the shell: the `powerdash` command."""
