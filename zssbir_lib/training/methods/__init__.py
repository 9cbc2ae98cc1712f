"""Methods: which images a step draws, and which losses it adds up."""
