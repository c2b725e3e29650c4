"""Generator of the embedded driving frames: street scenes rendered with Blender's Cycles, in CARLA's format."""
