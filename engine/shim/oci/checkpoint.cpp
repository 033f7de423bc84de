// checkpoint, restore: the words are known, so that whoever calls them is told why they do nothing.
#include <array>

#include "base/error.hpp"
#include "engine/shim/oci/commands.hpp"

namespace stack::engine::shim::oci {

namespace {

constexpr std::array checkpoint_flags{
    Flag{"image-path", 0, true},       Flag{"work-path", 0, true},        Flag{"parent-path", 0, true},
    Flag{"leave-running", 0, false},   Flag{"tcp-established", 0, false}, Flag{"tcp-skip-in-flight", 0, false},
    Flag{"link-remap", 0, false},      Flag{"ext-unix-sk", 0, false},     Flag{"shell-job", 0, false},
    Flag{"lazy-pages", 0, false},      Flag{"status-fd", 0, true},        Flag{"page-server", 0, true},
    Flag{"file-locks", 0, false},      Flag{"pre-dump", 0, false},        Flag{"manage-cgroups-mode", 0, true},
    Flag{"empty-ns", 0, true},         Flag{"auto-dedup", 0, false},      Flag{"console-socket", 0, true},
    Flag{"bundle", 'b', true},         Flag{"detach", 'd', false},        Flag{"pid-file", 0, true},
    Flag{"no-subreaper", 0, false},    Flag{"no-pivot", 0, false},        Flag{"lsm-profile", 0, true},
    Flag{"lsm-mount-context", 0, true}};

int refuse(const StateRoot&, const Arguments&) {
  throw Error(ErrorCode::not_implemented,
              "checkpoints are not supported: they need CRIU, which this runtime does not drive (stop the container instead)");
}

}  // namespace

const Command checkpoint_command{"checkpoint", "<container-id>", "not supported", checkpoint_flags, 1, 1, refuse};
const Command restore_command{"restore", "<container-id>", "not supported", checkpoint_flags, 1, 1, refuse};

}  // namespace stack::engine::shim::oci
