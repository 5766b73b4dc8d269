"""The job service: keeps jobs, shares out their shots among workers, believes nobody."""
