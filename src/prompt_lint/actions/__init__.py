"""What action.yml, comment/action.yml and report/action.yml run."""
