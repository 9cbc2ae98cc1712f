"""Studies: many trainings compared, and the rows of every ablation."""
