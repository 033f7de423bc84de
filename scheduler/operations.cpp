#include "scheduler/operations.hpp"

#include <fstream>
#include <iterator>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "scheduler/build_context.hpp"
#include "scheduler/hooks.hpp"
#include "scheduler/injected_files.hpp"
#include "scheduler/labels.hpp"
#include "scheduler/shared_namespaces.hpp"

namespace stack::scheduler {

namespace {

using Phase = Progress::Phase;
using Context = std::shared_ptr<OperationContext>;

/// docker compose's words for an operation at its beginning and end. Empty: not shown.
struct Words {
  std::string_view working, done;
};

Words words_of(const Operation& operation) {
  const std::string_view what = kind(operation.action);
  if (operation.recreate) {
    if (what == "CreateContainer") return {"Recreate", ""};
    if (what == "RenameContainer") return {"", "Recreated"};
    return {};
  }
  if (what == "PullImage") return {"Pulling", "Pulled"};
  if (what == "BuildImage") return {"Building", "Built"};
  if (what.starts_with("Create")) return {"Creating", "Created"};
  if (what.starts_with("Remove")) return {"Removing", "Removed"};
  if (what == "StartContainer") return {"Starting", "Started"};
  if (what == "StopContainer") return {"Stopping", "Stopped"};
  if (what == "RestartContainer") return {"Restarting", "Started"};
  if (what == "WaitStillUp") return {};
  if (what == "WaitCompleted") return {"Waiting", "Exited"};
  if (what.starts_with("Wait")) return {"Waiting", "Healthy"};
  return {};
}

bool still_in_use(const api::ApiError& error) { return error.status() == 403 || error.status() == 409; }

/// Removing what is gone already is done; a network, volume or image that others use stays, with a word about it.
asio::awaitable<bool> removed(Context context, const Operation& operation, asio::awaitable<void> removal) {
  try {
    co_await std::move(removal);
    co_return true;
  } catch (const api::ApiError& error) {
    if (error.status() == 404) co_return true;
    if (!still_in_use(error) || std::holds_alternative<RemoveContainer>(operation.action)) throw;
    context->progress.operation(operation, Phase::warning, "Resource is still in use");
  }
  co_return false;
}

asio::awaitable<void> remove_image(api::Client& client, std::string image) {
  co_await client.remove_image(std::move(image), false);
}

asio::awaitable<void> remove_container(api::Client& client, std::string container, bool volumes) {
  api::RemoveOptions options;
  options.force = true;
  options.volumes = volumes;
  co_await client.remove_container(std::move(container), std::move(options));
}

std::string replace_all(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

/// Puts the results of earlier operations in their places.
void fill_in(CreateContainer& create, std::map<int, std::string>& ids) {
  auto& labels = create.body.config.labels;
  if (create.image_operation != 0) labels[label::image] = ids[create.image_operation];
  for (std::string* mode :
       {&create.body.host_config.network_mode, &create.body.host_config.ipc_mode, &create.body.host_config.pid_mode})
    if (const int operation = operation_in(*mode); operation != 0) {
      const std::string resolved = "container:" + ids[operation];
      create.hashed = replace_all(create.hashed, '"' + *mode + '"', '"' + resolved + '"');
      *mode = resolved;
    }
  for (std::string& from : create.body.host_config.volumes_from)
    if (const int operation = operation_in_volumes_from(from); operation != 0) {
      create.hashed = replace_all(create.hashed, '"' + made_by(operation) + '"', '"' + ids[operation] + '"');
      from = replace_all(from, made_by(operation), ids[operation]);
    }
  if (!create.hashed.empty()) labels[label::config_hash] = sha256_hex(create.hashed);
}

/// A container without its secrets must not stay: the next `up` would find nothing to do but start it.
asio::awaitable<void> fill_container(api::Client& client, std::string id, std::vector<InjectedFile> files) {
  std::exception_ptr failure;
  try {
    co_await inject_files(client, id, std::move(files));
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  api::RemoveOptions options;
  options.force = options.volumes = true;
  co_await client.remove_container(std::move(id), std::move(options));
  std::rethrow_exception(failure);
}

asio::awaitable<std::string> create_container(Context context, CreateContainer create) {
  fill_in(create, context->ids);
  const api::CreateResponse response =
      co_await context->client.create_container(create.name, std::move(create.body), std::move(create.platform));
  for (const std::string& warning : response.warnings) context->progress.warning(warning);
  co_await fill_container(context->client, response.id, std::move(create.files));
  co_return response.id;
}

asio::awaitable<void> start_container(api::Client& client, StartContainer start) {
  const bool started = co_await client.start_container(start.container);
  if (started) co_await run_hooks(client, start.container, std::move(start.after));
}

/// Before a stop; one that has ended already has nothing to prepare.
asio::awaitable<void> run_last_hooks(api::Client& client, std::string container, std::vector<HookCommand> hooks) {
  try {
    co_await run_hooks(client, std::move(container), std::move(hooks));
  } catch (const api::ApiError& error) {
    if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::conflict) throw;
  }
}

asio::awaitable<void> stop_container(api::Client& client, StopContainer stop) {
  co_await run_last_hooks(client, stop.container, std::move(stop.before));
  api::StopOptions options;
  options.timeout = stop.timeout;
  try {
    co_await client.stop_container(stop.container, std::move(options));
  } catch (const api::ApiError& error) {
    if (error.status() != 404) throw;  // gone already
  }
}

asio::awaitable<void> restart_container(api::Client& client, RestartContainer restart) {
  co_await run_last_hooks(client, restart.container, std::move(restart.before));
  api::StopOptions options;
  options.timeout = restart.timeout;
  co_await client.restart_container(restart.container, std::move(options));
  co_await run_hooks(client, restart.container, std::move(restart.after));
}

asio::awaitable<void> wait(Context context, WaitContainers wait, const Operation& operation) {
  const bool required = wait.required, dependency = wait.dependency;
  try {
    co_await wait_for_containers(context->client, context->hub, std::move(wait));
  } catch (const Error& error) {
    if (required) throw Error(error.code(), (dependency ? "dependency failed to start: " : "") + std::string(error.what()));
    context->progress.warning("optional dependency " + operation.service + " is not up: " + error.what());
  }
}

asio::awaitable<std::string> image_id(api::Client& client, std::string image) {
  const api::ImageInspect inspect = co_await client.inspect_image(std::move(image));
  co_return inspect.id;
}

asio::awaitable<std::string> follow_pull(Context context, PullImage pull, const Operation& operation) {
  api::ProgressStream stream = co_await context->client.pull_image(pull.image, pull.platform);
  while (const auto message = co_await stream.next()) {
    const auto detail = message->progress_detail.value_or(api::ProgressMessage::Detail{});
    context->progress.pull_status(operation, message->id, message->status, detail.current, detail.total);
  }
  co_return co_await image_id(context->client, pull.image);
}

/// Empty: it failed, and that is only a warning.
asio::awaitable<std::string> pull_image(Context context, PullImage pull, const Operation& operation) {
  const bool required = pull.required;
  std::string failure;
  try {
    co_return co_await follow_pull(context, std::move(pull), operation);
  } catch (const Error& error) {
    if (required) throw;
    failure = error.what();
  }
  context->progress.operation(operation, Phase::warning, "Warning");
  context->progress.warning(operation.subject + " was not pulled: " + failure);
  co_return std::string();
}

asio::awaitable<std::string> follow_build(Context context, api::ProgressStream stream, std::string image,
                                          const Operation& operation) {
  std::string id;
  while (const auto message = co_await stream.next()) {
    if (!message->stream.empty()) context->progress.build_output(operation, message->stream);
    if (!message->aux_id.empty()) id = message->aux_id;
  }
  if (id.empty()) id = co_await image_id(context->client, std::move(image));
  co_return id;
}

api::StringMap build_secrets(const BuildImage& build) {
  api::StringMap secrets = build.secret_values;
  for (const auto& [id, path] : build.secret_files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(ErrorCode::not_found, "cannot read the build secret " + id + " from " + path);
    secrets[id] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  return secrets;
}

asio::awaitable<std::string> build_image(Context context, BuildImage build, const Operation& operation) {
  api::BuildOptions options = build.options;
  if (build.context.find("://") != std::string::npos || build.context.starts_with("git@")) {
    options.remote = build.context;
    options.dockerfile = build.dockerfile;
    api::StringSource nothing("");
    api::ProgressStream stream = co_await context->client.build_image(std::move(options), nothing);
    co_return co_await follow_build(context, std::move(stream), build.image, operation);
  }
  options.secrets = build_secrets(build);
  BuildContext directory(context->client.executor(), build);
  options.dockerfile = directory.dockerfile();
  api::ProgressStream stream = co_await context->client.build_image(std::move(options), directory.source());
  directory.rethrow_failure();
  co_return co_await follow_build(context, std::move(stream), build.image, operation);
}

asio::awaitable<std::string> make(Context context, const Operation& operation) {
  if (const auto* pull = std::get_if<PullImage>(&operation.action)) co_return co_await pull_image(context, *pull, operation);
  if (const auto* build = std::get_if<BuildImage>(&operation.action))
    co_return co_await build_image(context, *build, operation);
  if (const auto* create = std::get_if<CreateContainer>(&operation.action))
    co_return co_await create_container(context, *create);
  if (const auto* network = std::get_if<CreateNetwork>(&operation.action)) {
    const api::NetworkCreateResponse response = co_await context->client.create_network(network->body);
    if (!response.warning.empty()) context->progress.warning(response.warning);
    co_return response.id;
  }
  if (const auto* volume = std::get_if<CreateVolume>(&operation.action)) {
    const api::Volume made = co_await context->client.create_volume(volume->body);
    co_return made.name;
  }
  co_return std::string();
}

asio::awaitable<void> change(Context context, const Operation& operation) {
  api::Client& client = context->client;
  if (const auto* start = std::get_if<StartContainer>(&operation.action)) co_await start_container(client, *start);
  if (const auto* stop = std::get_if<StopContainer>(&operation.action)) co_await stop_container(client, *stop);
  if (const auto* rename = std::get_if<RenameContainer>(&operation.action))
    co_await client.rename_container(rename->container, rename->name);
  if (const auto* restart = std::get_if<RestartContainer>(&operation.action)) co_await restart_container(client, *restart);
  if (const auto* waiting = std::get_if<WaitContainers>(&operation.action)) co_await wait(context, *waiting, operation);
}

/// False: it is still there, and the user was told.
asio::awaitable<bool> remove(Context context, const Operation& operation) {
  api::Client& client = context->client;
  if (const auto* container = std::get_if<RemoveContainer>(&operation.action))
    co_return co_await removed(context, operation, remove_container(client, container->container, container->volumes));
  if (const auto* network = std::get_if<RemoveNetwork>(&operation.action))
    co_return co_await removed(context, operation, client.remove_network(network->network));
  if (const auto* volume = std::get_if<RemoveVolume>(&operation.action))
    co_return co_await removed(context, operation, client.remove_volume(volume->volume, true));
  if (const auto* image = std::get_if<RemoveImage>(&operation.action))
    co_return co_await removed(context, operation, remove_image(client, image->image));
  co_return true;
}

}  // namespace

asio::awaitable<std::string> perform(Context context, const Operation& operation) {
  const Words words = words_of(operation);
  if (!words.working.empty()) context->progress.operation(operation, Phase::working, words.working);
  const std::string made = co_await make(context, operation);
  if (made.empty() && std::holds_alternative<PullImage>(operation.action)) co_return made;
  co_await change(context, operation);
  const bool gone = co_await remove(context, operation);
  if (gone && !words.done.empty()) context->progress.operation(operation, Phase::done, words.done);
  co_return made;
}

}  // namespace stack::scheduler
