"""Puts wrappers in, when a framework is imported, and takes every one of them out again.

Frameworks are reached by post-import hooks, so that a process which never imports one never pays for it.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from otelml.patching import wrappers
from otelml.patching.guard import guarded
from otelml.patching.imports import loaded, when_imported
from otelml.patching.sites import Carry, Family, Method, Silent, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from otelml.patching.sites import Operation
    from otelml.patching.wrappers import Observer

_ABSENT = object()


def top_package(cls: type) -> str:
    """The package that a class comes from."""
    return cls.__module__.partition(".")[0]


class Patcher:
    """The wrappers of one framework.

    Parameters
    ----------
    package : the framework's own import name.
    others : import names of the other frameworks; a class of theirs is left to them, even where it inherits from
        a family of this one (`XGBClassifier` is a scikit-learn estimator too).
    observe : what is called in place of the host's outermost call.
    wanted : tells whether an operation that is opted in is watched under the settings in force.
    trained : is told of a model that may be another one now, and of what `fitting` made of it.
    fitting : is shown what an outermost `fit` is given, before it is.
    """

    def __init__(
        self,
        package: str,
        others: frozenset[str],
        observe: Observer,
        wanted: Callable[[Operation], bool] = lambda _operation: False,
        trained: Callable[[Any, Any], object] = lambda _model, _seen: None,
        fitting: Callable[[tuple[Any, ...], dict[str, Any]], Any] = lambda _args, _kwargs: None,
    ) -> None:
        self.package, self.others, self.observe, self.wanted = package, others, observe, wanted
        self.trained, self.fitting = guarded("patching")(trained), guarded("patching")(fitting)
        self.active = False
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        # By the id of the class, held weakly: a host may make classes by the thousand, and drop them.
        self._methods_of: dict[int, tuple[ref[type], list[str]]] = {}
        self._hooked: set[Site] = set()

    def install(self, sites: Iterable[Site]) -> None:
        """Patch each site now, or when its module is imported."""
        self.active = True
        for site in sites:
            reach, module = guarded("patching")(functools.partial(self._reach, site)), loaded(site.module)
            if module is not None:
                reach(module)
            elif site not in self._hooked:
                self._hooked.add(site)
                when_imported(site.module, reach)

    def remove(self) -> None:
        """Put back every original attribute that still is where ours was put."""
        self.active = False
        for owner, name, original, ours in reversed(self._replaced):
            if _own(owner, name) is not ours:
                continue  # somebody wrapped ours since: taking it out would take theirs out too
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._replaced.clear()
        for reference, names in list(self._methods_of.values()):
            for name in names:
                _restore(reference(), name)
        self._methods_of.clear()

    def _reach(self, site: Site, module: ModuleType) -> None:
        if not self.active:  # import hooks cannot be deregistered
            return
        if isinstance(site, Silent):
            for name in site.functions:
                self._replace(module, name, wrappers.silent)
        elif isinstance(site, Carry):
            wrap = functools.partial(wrappers.carrying, site.near)
            self._replace_method(getattr(module, site.owner), site.method, wrap)
        elif isinstance(site, Method):
            self._methods(site, getattr(module, site.owner))
        else:
            self._family(site, getattr(module, site.root))

    def _methods(self, site: Method | Family, cls: type) -> None:
        for operation in site.operations:
            self._replace_method(cls, operation.name, functools.partial(wrappers.watched, operation, self))
        for name in site.silent:
            before = self.fitting if name == "fit" else None
            self._replace_method(cls, name, functools.partial(wrappers.silent, before=before, after=self.trained))

    def _replace_method(self, cls: type, name: str, wrap: Callable[[Any], Any]) -> None:
        original = _own(cls, name)
        if wrappers.is_ours(original) or not _is_method(original):
            return
        try:
            setattr(cls, name, wrap(original))
        except TypeError:  # a class written in C keeps its methods
            return
        key = id(cls)
        _, names = self._methods_of.setdefault(key, (ref(cls, lambda _: self._methods_of.pop(key, None)), []))
        names.append(name)

    def _family(self, site: Family, root: type) -> None:
        for cls in _descendants(root):
            self._member(site, cls)
        self._replace(root, "__init_subclass__", functools.partial(self._announcing, site, root))

    def _member(self, site: Family, cls: type) -> None:
        tops = [top_package(base) for base in cls.__mro__[:-1]]
        if next((top for top in tops if top in self.others or top == self.package), "") in self.others:
            return
        # All bases: LogisticRegression.predict lives on a mixin that is no BaseEstimator.
        for base, top in zip(cls.__mro__, tops, strict=False):
            if top not in self.others:
                self._methods(site, base)

    def _announcing(self, site: Family, root: type, original: Any) -> Any:
        """An `__init_subclass__` that shows us classes as they are defined."""
        visit = guarded("patching")(self._member)

        def __init_subclass__(cls: type, **kwargs: Any) -> None:  # noqa: N807 -- Python's name
            if original is _ABSENT:
                super(root, cls).__init_subclass__(**kwargs)
            else:
                original.__get__(None, cls)(**kwargs)
            if self.active:
                visit(site, cls)

        return classmethod(cast("Any", __init_subclass__))

    def _replace(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace a function of a module, or a class's own `__init_subclass__`, which may be absent."""
        original, in_module = _own(owner, name), isinstance(owner, ModuleType)
        if in_module and wrappers.is_ours(original):  # it imported the function after we had replaced it elsewhere
            self._replaced.append((owner, name, original.__wrapped__, original))
            return
        if in_module and not _is_method(original):
            return
        ours = (in_module and self._elsewhere(original)) or wrap(original)
        setattr(owner, name, ours)
        self._replaced.append((owner, name, original, ours))

    def _elsewhere(self, original: Any) -> Any:
        """What stands in for a function in another module: it stays one function, or pickle takes it for two."""
        return next((ours for _, _, other, ours in self._replaced if other is original), None)


def _restore(owner: type | None, name: str) -> None:
    ours: Any = None if owner is None else _own(owner, name)
    if wrappers.is_ours(ours):
        setattr(owner, name, ours.__wrapped__)


def _own(owner: Any, name: str) -> Any:
    return owner.__dict__.get(name, _ABSENT)


def _is_method(attribute: Any) -> bool:
    return (
        hasattr(attribute, "__get__")
        and hasattr(attribute, "__name__")
        and not isinstance(attribute, type | property | staticmethod | classmethod)
        and not getattr(attribute, "__isabstractmethod__", False)
    )


def _descendants(root: type) -> Iterator[type]:
    waiting, seen = [root], {root}
    while waiting:
        cls = waiting.pop()
        yield cls
        fresh = [child for child in cls.__subclasses__() if child not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
