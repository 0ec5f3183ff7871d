"""Watch AI models after they are deployed."""
