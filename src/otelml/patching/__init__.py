"""How a framework is met without importing it: call sites, import hooks, nesting and the guard."""
