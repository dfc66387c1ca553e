// What most programs need: expose a class, host it, call it.
#pragma once

#include <codec/shape.hpp>
#include <codec/value.hpp>
#include <engine/core/local_call.hpp>
#include <engine/core/stream.hpp>
#include <engine/core/task.hpp>
#include <engine/object/batch.hpp>
#include <engine/object/call_context.hpp>
#include <engine/object/client_context.hpp>
#include <engine/object/daemon.hpp>
#include <engine/object/error.hpp>
#include <engine/object/error_class.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/pipelined.hpp>
#include <engine/object/proxy.hpp>
#include <engine/object/serialized_blob.hpp>
#include <engine/object/serialized_result.hpp>
#include <engine/object/serve_simple.hpp>
#include <engine/object/settings.hpp>
#include <engine/object/type_meta.hpp>
#include <engine/object/uri.hpp>
