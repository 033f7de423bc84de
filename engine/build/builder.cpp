#include "engine/build/builder.hpp"

#include <nlohmann/json.hpp>

#include "base/disk_room.hpp"
#include "base/dockerignore.hpp"
#include "base/error.hpp"
#include "base/rollback.hpp"
#include "engine/build/cache.hpp"
#include "engine/build/context.hpp"
#include "engine/build/job.hpp"
#include "engine/build/parser.hpp"

namespace stack::engine::build {

namespace {

/// What was received, checked and is ready to be built.
struct Prepared {
  std::shared_ptr<Context> context;
  Dockerfile file;
};

/// Blocking: unpacks the context, reads the Dockerfile, leaves out what .dockerignore says.
Prepared prepare(archive::Source source, const std::string& directory, const std::string& dockerfile) {
  Prepared prepared;
  prepared.context = std::make_shared<Context>(directory);
  prepared.context->receive(std::move(source));
  const std::string path = clean_path(dockerfile);
  const auto text = path.empty() ? std::nullopt : prepared.context->root().read_file(path, 8 << 20);
  if (!text) throw Error(ErrorCode::invalid_argument, "Cannot locate specified Dockerfile: " + dockerfile);
  if (text->find_first_not_of(" \t\r\n") == std::string::npos)
    throw Error(ErrorCode::invalid_argument, "the Dockerfile (" + dockerfile + ") cannot be empty");
  prepared.file = parse_dockerfile(*text);
  prepared.context->apply(read_ignore_file(prepared.context->root(), path));
  return prepared;
}

void check(const BuildOptions& options) {
  for (const auto& tag : options.tags) {
    if (image::parse_reference(tag).digest.empty()) continue;
    throw Error(ErrorCode::invalid_argument, "build tag cannot contain a digest");
  }
  if (!options.platform.empty() && options.platform != "linux/amd64" && options.platform != "linux" &&
      options.platform != "amd64")
    throw Error(ErrorCode::invalid_argument, "platform " + options.platform + " cannot be built here: linux/amd64 can");
}

std::string line_of(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\r\n";
}

}  // namespace

class Builder::Impl {
public:
  Impl(image::Store& images, DocumentTable& rows, RunStep& run_step, asio::thread_pool& thread_pool, BuilderPlaces given)
      : store(images),
        cache(images, rows),
        run(run_step),
        pool(thread_pool),
        places(std::move(given)),
        cache_mounts(places.cache_mounts) {}

  asio::awaitable<std::string> finish(const image::ImageConfig& config, const BuildOptions& options, Job& job,
                                      const Output& output);

  image::Store& store;
  Cache cache;
  RunStep& run;
  asio::thread_pool& pool;
  const BuilderPlaces places;
  CacheMounts cache_mounts;
};

Builder::Builder(image::Store& store, DocumentTable& cache, RunStep& run, asio::thread_pool& pool, BuilderPlaces places)
    : impl_(std::make_unique<Impl>(store, cache, run, pool, std::move(places))) {}
Builder::~Builder() = default;

void Builder::load() {
  remove_tree(impl_->places.secrets);  // of a build that the engine's end cut short
  impl_->cache.load();
  impl_->store.remove_unused_layers();
}

std::uint64_t Builder::prune(bool all, const std::function<bool(const CacheStep&)>& chosen) {
  return impl_->cache.prune(all, chosen) + (all && !chosen ? impl_->cache_mounts.prune() : 0);
}

std::vector<CacheStep> Builder::cached_steps() const { return impl_->cache.steps(); }

asio::awaitable<std::optional<std::string>> Builder::build(BuildOptions options, image::BodyReader body, Output output) {
  check(options);
  const std::string directory = impl_->store.make_temporary("context");
  Rollback cleanup;
  cleanup.add([this, directory] { impl_->store.discard(directory); });
  Prepared prepared;
  std::function<void(archive::Source)> consume = [this, &prepared, &directory, &options](archive::Source source) {
    prepared = naming_disk_shortage(impl_->store.data_root(),
                                    [&] { return prepare(std::move(source), directory, options.dockerfile); });
  };
  co_await image::consume_body(std::move(body), std::move(consume));
  const JobServices services{impl_->store, impl_->cache, impl_->cache_mounts, impl_->run, impl_->pool, impl_->places.secrets};
  Job job(services, options, output);
  job.plan(std::move(prepared.file));

  std::string failure;
  try {
    const image::ImageConfig config = co_await job.execute(prepared.context);
    std::string id = co_await impl_->finish(config, options, job, output);
    co_return id;
  } catch (const Error& error) {
    failure = with_disk_shortage(error.what(), impl_->store.data_root());
  }
  nlohmann::json detail{{"message", failure}};
  if (job.exit_code()) detail["code"] = *job.exit_code();
  nlohmann::json answer{{"errorDetail", detail}, {"error", failure}};
  std::string line = line_of(answer);
  co_await output(std::move(line));
  co_return std::nullopt;
}

asio::awaitable<std::string> Builder::Impl::finish(const image::ImageConfig& config, const BuildOptions& options, Job& job,
                                                   const Output& output) {
  const image::ImagePtr image = store.create(config, std::nullopt, "");
  for (const auto& tag : options.tags) store.tag(image->id, image::parse_tagged_reference(tag));
  nlohmann::json aux{{"aux", {{"ID", image->id}}}};
  std::string aux_line = line_of(aux);
  co_await output(std::move(aux_line));
  std::string unused;
  for (const auto& name : job.unused_args()) unused += (unused.empty() ? "" : " ") + name;
  if (!unused.empty()) co_await job.print("[Warning] One or more build-args [" + unused + "] were not consumed\n");
  if (options.quiet) {
    nlohmann::json id_line{{"stream", image->id + "\n"}};
    std::string line = line_of(id_line);
    co_await output(std::move(line));
  }
  co_await job.print("Successfully built " + image->id.substr(7, 12) + "\n");
  for (const auto& tag : options.tags)
    co_await job.print("Successfully tagged " + image::parse_tagged_reference(tag).familiar() + "\n");
  co_return image->id;
}

}  // namespace stack::engine::build
