// Applies a macro to each of a list of names. C++ before reflection offers nothing else that turns the identifiers of
// members into declarations; ENGINE_SHAPE and ENGINE_EXPOSE are built on it. Up to 300 names; cannot be nested.
#pragma once

/// ENGINE_EACH(M, C, a, b, …) expands to M(C, a) M(C, b) …; to nothing without names.
#define ENGINE_EACH(M, C, ...) __VA_OPT__(ENGINE_EACH_RESCAN(ENGINE_EACH_STEP(M, C, __VA_ARGS__)))
/// The same with commas between.
#define ENGINE_EACH_COMMA(M, C, ...) __VA_OPT__(ENGINE_EACH_RESCAN(ENGINE_EACH_COMMA_STEP(M, C, __VA_ARGS__)))

// A step ends in a deferred name of itself: ENGINE_EACH_PARENS keeps it from being a call until the next rescan.
#define ENGINE_EACH_PARENS ()
#define ENGINE_EACH_STEP(M, C, first, ...) M(C, first) __VA_OPT__(ENGINE_EACH_AGAIN ENGINE_EACH_PARENS(M, C, __VA_ARGS__))
#define ENGINE_EACH_AGAIN() ENGINE_EACH_STEP
#define ENGINE_EACH_COMMA_STEP(M, C, first, ...) \
  M(C, first) __VA_OPT__(, ENGINE_EACH_COMMA_AGAIN ENGINE_EACH_PARENS(M, C, __VA_ARGS__))
#define ENGINE_EACH_COMMA_AGAIN() ENGINE_EACH_COMMA_STEP

#define ENGINE_EACH_RESCAN(...) ENGINE_EACH_RESCAN_4(ENGINE_EACH_RESCAN_4(ENGINE_EACH_RESCAN_4(ENGINE_EACH_RESCAN_4(__VA_ARGS__))))
#define ENGINE_EACH_RESCAN_4(...) ENGINE_EACH_RESCAN_3(ENGINE_EACH_RESCAN_3(ENGINE_EACH_RESCAN_3(ENGINE_EACH_RESCAN_3(__VA_ARGS__))))
#define ENGINE_EACH_RESCAN_3(...) ENGINE_EACH_RESCAN_2(ENGINE_EACH_RESCAN_2(ENGINE_EACH_RESCAN_2(ENGINE_EACH_RESCAN_2(__VA_ARGS__))))
#define ENGINE_EACH_RESCAN_2(...) ENGINE_EACH_RESCAN_1(ENGINE_EACH_RESCAN_1(ENGINE_EACH_RESCAN_1(ENGINE_EACH_RESCAN_1(__VA_ARGS__))))
#define ENGINE_EACH_RESCAN_1(...) __VA_ARGS__
