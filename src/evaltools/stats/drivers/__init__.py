"""What goes together with an outcome: shares of its explained variance by driver."""
