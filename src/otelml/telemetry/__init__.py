"""What leaves the process: names, streams of points, the way into the SDK, spans."""
