// The workers of Pyro4's callback example as both sides know them: the server hands one out, the client gives it something to do and
// is called back when it is done.
#pragma once

#include <engine/engine.hpp>

/// The client's object.
class CallbackHandler {
 public:
  void done(int number);
};
ENGINE_EXPOSE(CallbackHandler, done)

class Worker {
 public:
  Worker(int number, engine::proxy<CallbackHandler> callback);
  void work(int amount);

 private:
  const int number_;
  engine::proxy<CallbackHandler> callback_;
};
ENGINE_EXPOSE(Worker, work)
ENGINE_MARK(Worker, work, .parameters = "amount", .oneway = true, .blocking = true)

class CallbackServer {
 public:
  std::shared_ptr<Worker> addworker(engine::proxy<CallbackHandler> callback);

 private:
  int number_ = 0;
};
ENGINE_EXPOSE(CallbackServer, addworker)
ENGINE_MARK(CallbackServer, addworker, .parameters = "callback")
