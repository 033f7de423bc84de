#include "scheduler/executor.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <set>
#include <span>

#include "scheduler/key_places.hpp"
#include "scheduler/operations.hpp"

namespace stack::scheduler {

namespace {

using Phase = Progress::Phase;

/// "service web, ports[0] (compose.yaml:3:5): message"
Error named_error(const Operation& operation, const Error& error) {
  std::string who = operation.service.empty() ? operation.resource : "service " + operation.service;
  if (const auto colon = who.find(':'); operation.service.empty() && colon != std::string::npos) who[colon] = ' ';
  if (const auto* pull = std::get_if<PullImage>(&operation.action); pull && who.find(pull->image) == std::string::npos)
    who += ", image " + pull->image;
  const KeyPlace* place = find_place(operation.keys, error.what());
  if (place) who += ", " + place->key;
  const std::string& where = place ? place->where : operation.where;
  if (!where.empty()) who += " (" + where + ")";
  return Error(error.code(), who + ": " + error.what());
}

/// One error that says them all, each beginning a line; the kind is the first one's. When the engine goes, everything fails, so
/// there is a bound.
Error joined(const std::vector<Error>& errors) {
  constexpr std::size_t shown = 10;
  std::string lines = errors.front().what();
  std::set<std::string_view> said{errors.front().what()};
  for (const Error& error : std::span(errors).first(std::min(errors.size(), shown)))
    if (said.insert(error.what()).second) lines += std::string("\n") + error.what();
  if (errors.size() > shown) lines += "\nand " + std::to_string(errors.size() - shown) + " more";
  return Error(errors.front().code(), lines);
}

/// One run of a plan. Lives until its last operation has ended.
class Run : public std::enable_shared_from_this<Run> {
public:
  Run(api::Client& client, Plan plan, Progress& progress)
      : plan_(std::move(plan)),
        parallel_(client.parallel()),
        progress_(progress),
        context_(std::make_shared<OperationContext>(OperationContext{client, progress, nullptr, {}})),
        waiting_for_(plan_.operations.size()),
        followers_(plan_.operations.size()),
        signals_(plan_.operations.size()),
        woken_(client.executor(), asio::steady_timer::time_point::max()) {
    for (const Operation& operation : plan_.operations) {
      waiting_for_[index(operation.id)] = operation.after.size();
      for (const int before : operation.after) followers_[index(before)].push_back(operation.id);
      if (operation.after.empty()) ready_.push_back(operation.id);
    }
  }

  asio::awaitable<ExecuteResult> run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::exception_ptr failure = co_await open_hub();
    bool cancelled = false;
    while (!failure) {
      while (!cancelled && !ready_.empty() && running_ < parallel_) launch();
      if (running_ == 0) break;
      co_await next_event();
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none && !cancelled) {
        cancelled = true;
        co_await asio::this_coro::reset_cancellation_state();  // to be able to wait for the operations to end
        cancel_all();
      }
    }
    if (context_->hub) context_->hub->close();
    co_await asio::this_coro::throw_if_cancelled(true);
    if (failure) std::rethrow_exception(failure);
    if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
    if (failed_) std::rethrow_exception(failed_);
    if (!errors_.empty()) throw joined(errors_);
    ExecuteResult result;
    result.ids = std::move(context_->ids);
    co_return result;
  }

private:
  static std::size_t index(int id) { return static_cast<std::size_t>(id) - 1; }

  /// Subscribed before the first start, so that no event is missed.
  asio::awaitable<std::exception_ptr> open_hub() {
    const bool waits = std::any_of(plan_.operations.begin(), plan_.operations.end(), [](const Operation& operation) {
      return std::holds_alternative<WaitContainers>(operation.action);
    });
    if (!waits) co_return nullptr;
    try {
      auto hub = std::make_shared<EventHub>(context_->client, plan_.project);
      co_await hub->open();
      context_->hub = std::move(hub);
    } catch (...) {
      co_return std::current_exception();
    }
    co_return nullptr;
  }

  asio::awaitable<void> next_event() {
    if (finished_ > 0) {
      finished_ = 0;
      co_return;
    }
    boost::system::error_code woken;
    co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    finished_ = 0;
  }

  void launch() {
    const int id = ready_.front();
    ready_.pop_front();
    ++running_;
    auto& signal = signals_[index(id)] = std::make_unique<asio::cancellation_signal>();
    asio::co_spawn(context_->client.executor(), run_operation(shared_from_this(), id),
                   asio::bind_cancellation_slot(signal->slot(), asio::detached));
  }

  static asio::awaitable<void> run_operation(std::shared_ptr<Run> self, int id) {
    const Operation& operation = self->plan_.operation(id);
    std::exception_ptr failure;
    try {
      std::string made = co_await perform(self->context_, operation);
      if (!made.empty()) self->context_->ids[id] = std::move(made);
    } catch (...) {
      failure = std::current_exception();
    }
    self->finished(operation, failure);
  }

  void finished(const Operation& operation, std::exception_ptr failure) {
    --running_;
    if (failure)
      fail(operation, failure);
    else
      for (const int next : followers_[index(operation.id)])
        if (waiting_for_[index(next)] != skipped && --waiting_for_[index(next)] == 0) ready_.push_back(next);
    ++finished_;
    woken_.cancel();
  }

  void fail(const Operation& operation, std::exception_ptr failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      progress_.operation(operation, Phase::failed, "Error");
      errors_.push_back(named_error(operation, error));
    } catch (const boost::system::system_error& error) {
      if (error.code() != asio::error::operation_aborted)
        errors_.push_back(named_error(operation, Error(ErrorCode::internal, error.what())));
    } catch (...) {
      if (!failed_) failed_ = failure;
    }
    given_up_.insert(operation.subject);
    skip_followers(operation.id);
  }

  /// Each subject is reported once, and not at all when one of its operations has failed.
  void skip_followers(int id) {
    for (const int next : followers_[index(id)]) {
      if (waiting_for_[index(next)] == skipped) continue;
      waiting_for_[index(next)] = skipped;
      const Operation& operation = plan_.operation(next);
      const bool shown = !std::holds_alternative<WaitContainers>(operation.action);
      if (shown && given_up_.insert(operation.subject).second) progress_.operation(operation, Phase::skipped, "Skipped");
      skip_followers(next);
    }
  }

  void cancel_all() {
    for (const auto& signal : signals_)
      if (signal) signal->emit(asio::cancellation_type::terminal);
  }

  static constexpr std::size_t skipped = std::numeric_limits<std::size_t>::max();

  const Plan plan_;
  const std::size_t parallel_;
  Progress& progress_;
  std::shared_ptr<OperationContext> context_;
  std::vector<std::size_t> waiting_for_;  ///< how many operations each still waits for
  std::vector<std::vector<int>> followers_;
  std::vector<std::unique_ptr<asio::cancellation_signal>> signals_;
  asio::steady_timer woken_;
  std::deque<int> ready_;
  std::size_t running_ = 0;
  std::size_t finished_ = 0;        ///< since next_event() last looked
  std::vector<Error> errors_;       ///< of the operations that failed, in the order they did
  std::exception_ptr failed_;       ///< what is no Error: a mistake of this program
  std::set<std::string> given_up_;  ///< subjects that were reported as failed or skipped
};

}  // namespace

asio::awaitable<ExecuteResult> execute(api::Client& client, Plan plan, Progress& progress) {
  for (const std::string& warning : plan.warnings) progress.warning(warning);
  for (const std::string& subject : plan.unchanged) progress.unchanged(subject);
  auto run = std::make_shared<Run>(client, std::move(plan), progress);
  co_return co_await run->run();
}

asio::awaitable<Plan> converge(api::Client& client, const compose::Project& project, ReconcileOptions options,
                               Progress& progress) {
  const ObserveOptions what = observe_options_for(project);
  ObservedState observed = co_await observe(client, project.name, what);
  Plan plan = reconcile(project, observed, options);
  if (depends_on_new_images(plan, observed)) {
    Plan images = plan_images(project, observed, options);
    co_await execute(client, std::move(images), progress);
    observed = co_await observe(client, project.name, what);
    options.images_ready = true;
    plan = reconcile(project, observed, options);
  }
  Plan copy = plan;
  co_await execute(client, std::move(copy), progress);
  co_return plan;
}

}  // namespace stack::scheduler
