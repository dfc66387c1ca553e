// The second half of Pyro4's callback example: what becomes of an exception that a callback throws.
#pragma once

#include <engine/engine.hpp>

/// The client's object.
class CrashingHandler {
 public:
  int call1();
  int call2();
};
ENGINE_EXPOSE(CrashingHandler, call1, call2)
ENGINE_MARK(CrashingHandler, call2, .callback = true)  // what it throws is logged where it runs, too

class CrashedServer {
 public:
  void doCallback(engine::proxy<CrashingHandler> callback);
};
ENGINE_EXPOSE(CrashedServer, doCallback)
ENGINE_MARK(CrashedServer, doCallback, .parameters = "callback", .oneway = true, .blocking = true)
