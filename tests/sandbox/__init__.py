"""The sandbox is what everything else is tested against, so each of its rules is shown here."""
