"""What would a quantum annealer answer to this call?"""
