"""What other tools take for the profile and the drift that watchkeeper makes of the same table."""
