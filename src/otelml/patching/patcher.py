"""Puts wrappers in, when a framework is imported, and takes every one of them out again.

Frameworks are reached by post-import hooks, so that a process which never imports one never pays for it.  Each class
and each attribute is guarded by itself: one that refuses is named in the log, and spoils no other.
"""

from __future__ import annotations

import functools
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from otelml.ledger import ledger
from otelml.patching import wrappers
from otelml.patching.guard import guarded, let_pass
from otelml.patching.imports import loaded, when_imported
from otelml.patching.outermost import outer_call
from otelml.patching.shapes import attributes_of, descendants, is_replaceable, mro_of, overridden, own
from otelml.patching.sites import Carry, Family, Method, Silent, Site
from otelml.patching.standins import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otelml.patching.outermost import Until
    from otelml.patching.sites import Operation
    from otelml.patching.wrappers import Observer

_ABSENT = object()


def top_package(cls: type) -> str:
    """The package that a class comes from."""
    module = type.__dict__["__module__"].__get__(cls)
    return str(module).partition(".")[0]


class Patcher:
    """The wrappers of one framework.

    Parameters
    ----------
    package : the framework's own import name.
    others : import names of the other frameworks; a class of theirs is left to them, even where it inherits from
        a family of this one (`XGBClassifier` is a scikit-learn estimator too).
    observer_of : gives, of an operation and the function that does it, what is called in place of an outermost call.
    wanted : tells whether an operation that is opted in is watched under the settings in force.
    trained : is told of a model that may be another one now, and of what `fitting` made of it.
    fitting : is shown what an outermost `fit` is given, before it is.
    """

    def __init__(
        self,
        package: str,
        others: frozenset[str],
        observer_of: Callable[[Operation, Callable[..., Any]], Observer],
        wanted: Callable[[Operation], bool] = lambda _operation: False,
        trained: Callable[[Any, Any], object] = lambda _model, _seen: None,
        fitting: Callable[[tuple[Any, ...], dict[str, Any]], Any] = lambda _args, _kwargs: None,
    ) -> None:
        self.package, self.others, self.wanted, self.observer_of = package, others, wanted, observer_of
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
            if own(owner, name) is not ours:
                continue  # somebody wrapped ours since: taking it out would take theirs out too
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._replaced.clear()
        for reference, names in list(self._methods_of.values()):
            for name in names:
                self._restore(reference(), name)
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
            fit = name == "fit"
            before = functools.partial(self._fitting, site) if fit else None
            after = functools.partial(self._trained, site) if fit else self.trained
            outer = functools.partial(_outer, name) if fit else None
            wrap = functools.partial(wrappers.silent, before=before, after=after, outer=outer)
            self._replace_method(cls, name, wrap, functions=True)
        if isinstance(site, Family) and own(cls, "__getattr__", None) is not None:
            finds = functools.partial(wrappers.finding, {one.name: one for one in site.operations}, self)
            self._replace_method(cls, "__getattr__", finds, functions=True)

    def _fitting(self, site: Method | Family, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._visit(site, kind_of(args[0]))  # methods may have been set on the class since it was made
        return self.fitting(args, kwargs)

    def _trained(self, site: Method | Family, model: Any, seen: Any) -> None:
        for name in overridden(model, [operation.name for operation in site.operations]):
            _unwatched(kind_of(model), name, "it is set on the instance")
        self.trained(model, seen)

    def _replace_method(self, cls: type, name: str, wrap: Callable[[Any], Any], *, functions: bool = False) -> None:
        try:
            original = own(cls, name, _ABSENT)
            if original is _ABSENT:
                return
            if not wrappers.is_ours(original):
                if not is_replaceable(original, functions=functions):
                    if isinstance(original, functools.cached_property):
                        _unwatched(cls, name, "it is a cached_property")
                    return
                setattr(cls, name, wrap(original))
        except Exception as error:  # noqa: BLE001 -- whatever a host's class does when it is asked
            let_pass(error)
            if not cls.__flags__ & _IMMUTABLE:  # a class written in C keeps its methods
                _unwatched(cls, name, type(error).__name__)
            return
        # Also one of ours from before: a mock may have put it back after we had let go of the class.
        key = id(cls)
        _, names = self._methods_of.setdefault(key, (ref(cls, lambda _: self._methods_of.pop(key, None)), []))
        names.append(name)

    def _family(self, site: Family, root: type) -> None:
        for cls in descendants(root):
            self._visit(site, cls)
        self._replace(root, "__init_subclass__", functools.partial(self._announcing, site, root))

    def _visit(self, site: Method | Family, cls: type) -> None:
        """Replace the methods of a class; one that refuses spoils no other."""
        try:
            if isinstance(site, Family):
                self._member(site, cls)
        except Exception as error:  # noqa: BLE001 -- whatever a host's class does when it is asked
            let_pass(error)
            _unwatched(cls, "*", type(error).__name__)

    def _member(self, site: Family, cls: type) -> None:
        bases = mro_of(cls)[:-1]
        tops = [top_package(base) for base in bases]
        if next((top for top in tops if top in self.others or top == self.package), "") in self.others:
            return
        # All bases: LogisticRegression.predict lives on a mixin that is no BaseEstimator.
        for base, top in zip(bases, tops, strict=True):
            if top not in self.others:
                self._methods(site, base)

    def _announcing(self, site: Family, root: type, original: Any) -> Any:
        """An `__init_subclass__` that shows us classes as they are defined."""

        def __init_subclass__(cls: type, **kwargs: Any) -> None:  # noqa: N807 -- Python's name
            if original is _ABSENT:
                super(root, cls).__init_subclass__(**kwargs)
            else:
                original.__get__(None, cls)(**kwargs)
            if self.active:
                self._visit(site, cls)

        return classmethod(cast("Any", __init_subclass__))

    def _replace(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace a function of a module, or a class's own `__init_subclass__`, which may be absent."""
        original, in_module = own(owner, name, _ABSENT), isinstance(owner, ModuleType)
        if in_module and wrappers.is_ours(original):  # it imported the function after we had replaced it elsewhere
            self._replaced.append((owner, name, wrappers.original_of(original), original))
            return
        if in_module and not isinstance(original, FunctionType):
            return
        ours = (in_module and self._elsewhere(original)) or wrap(original)
        setattr(owner, name, ours)
        self._replaced.append((owner, name, original, ours))

    def _elsewhere(self, original: Any) -> Any:
        """What stands in for a function in another module: it stays one function, or pickle takes it for two."""
        return next((ours for _, _, other, ours in self._replaced if other is original), None)

    def _restore(self, owner: type | None, name: str) -> None:
        ours: Any = None if owner is None else own(owner, name)
        if wrappers.is_ours(ours):
            try:
                setattr(owner, name, wrappers.original_of(ours))
            except Exception as error:  # noqa: BLE001 -- a class may have been closed since
                let_pass(error)


_IMMUTABLE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE


def _unwatched(cls: type, name: str, why: str) -> None:
    ledger.error("patching")
    kind = type.__dict__["__qualname__"].__get__(cls)
    ledger.warn_once("otelml: %s.%s is not monitored: %s", kind, name, why)


def _outer(name: str, model: Any) -> Until | None:
    """What is true until the call of the host's function around ours is over; see `outermost`."""
    try:
        found = next((one for one in attributes_of(kind_of(model), name)), None)
        return None if wrappers.is_ours(found) else outer_call(found)
    except Exception as error:  # noqa: BLE001 -- attributes of the host
        let_pass(error)
        return None
