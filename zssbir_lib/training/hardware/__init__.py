"""How a recipe is computed: precision, memory, workers, several processes."""
