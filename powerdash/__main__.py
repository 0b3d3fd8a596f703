"""`python -m powerdash` is the `powerdash` command."""

from powerdash.cli.main import main

main()
