#include "scheduler/plan.hpp"

namespace stack::scheduler {

namespace {

struct KindName {
  std::string_view operator()(const PullImage&) const { return "PullImage"; }
  std::string_view operator()(const BuildImage&) const { return "BuildImage"; }
  std::string_view operator()(const CreateNetwork&) const { return "CreateNetwork"; }
  std::string_view operator()(const RemoveNetwork&) const { return "RemoveNetwork"; }
  std::string_view operator()(const CreateVolume&) const { return "CreateVolume"; }
  std::string_view operator()(const RemoveVolume&) const { return "RemoveVolume"; }
  std::string_view operator()(const CreateContainer&) const { return "CreateContainer"; }
  std::string_view operator()(const StartContainer&) const { return "StartContainer"; }
  std::string_view operator()(const StopContainer&) const { return "StopContainer"; }
  std::string_view operator()(const RestartContainer&) const { return "RestartContainer"; }
  std::string_view operator()(const RemoveContainer&) const { return "RemoveContainer"; }
  std::string_view operator()(const RenameContainer&) const { return "RenameContainer"; }
  std::string_view operator()(const RemoveImage&) const { return "RemoveImage"; }
  std::string_view operator()(const WaitContainers& wait) const {
    switch (wait.condition) {
      case WaitFor::healthy: return "WaitHealthy";
      case WaitFor::completed: return "WaitCompleted";
      case WaitFor::running_or_healthy: return "WaitRunning";
      case WaitFor::still_up: return "WaitStillUp";
    }
    return "WaitRunning";
  }
};

}  // namespace

std::string_view kind(const Action& action) { return std::visit(KindName{}, action); }

std::string to_text(const Plan& plan) {
  std::string text;
  for (const Operation& operation : plan.operations) {
    std::string after;
    for (const int id : operation.after) after += (after.empty() ? "#" : ",#") + std::to_string(id);
    text += "#" + std::to_string(operation.id) + " [" + after + "] " + std::string(kind(operation.action)) + " " +
            operation.resource;
    if (!operation.reason.empty()) text += " (" + operation.reason + ")";
    text += "\n";
  }
  for (const std::string& warning : plan.warnings) text += "warning: " + warning + "\n";
  return text;
}

}  // namespace stack::scheduler
