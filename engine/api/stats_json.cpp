#include "engine/api/json_fields.hpp"
#include "engine/api/stats_types.hpp"

namespace stack::engine::api {

using detail::Empty;

template <class V>
void fields(V& v, CpuStats& x) {
  v.object("cpu_usage", [&](auto& usage) {
    usage("total_usage", x.total);
    usage("usage_in_kernelmode", x.kernel);
    usage("usage_in_usermode", x.user);
  });
  v("system_cpu_usage", x.system, Empty::omit);
  v("online_cpus", x.online_cpus, Empty::omit);
  v.object("throttling_data", [&](auto& throttling) {
    throttling("periods", x.periods);
    throttling("throttled_periods", x.throttled_periods);
    throttling("throttled_time", x.throttled_time);
  });
}

template <class V>
void fields(V& v, MemoryStats& x) {
  v("usage", x.usage, Empty::omit);
  v("max_usage", x.max_usage, Empty::omit);
  v("stats", x.stats, Empty::omit);
  v("limit", x.limit, Empty::omit);
}

template <class V>
void fields(V& v, BlockIoEntry& x) {
  v("major", x.major);
  v("minor", x.minor);
  v("op", x.op);
  v("value", x.value);
}

template <class V>
void fields(V& v, NetworkStats& x) {
  v("rx_bytes", x.rx_bytes);
  v("rx_packets", x.rx_packets);
  v("rx_errors", x.rx_errors);
  v("rx_dropped", x.rx_dropped);
  v("tx_bytes", x.tx_bytes);
  v("tx_packets", x.tx_packets);
  v("tx_errors", x.tx_errors);
  v("tx_dropped", x.tx_dropped);
}

template <class V>
void fields(V& v, ContainerStats& x) {
  v("name", x.name);
  v("id", x.id);
  v("read", x.read);
  v("preread", x.preread);
  v.object("pids_stats", [&](auto& pids) {
    pids("current", x.pids, Empty::omit);
    pids("limit", x.pids_limit, Empty::omit);
  });
  v.object("blkio_stats", [&](auto& io) {
    io("io_service_bytes_recursive", x.block_io, x.read ? Empty::keep : Empty::null);
    // of the kernels before 5.0 only; clients expect the keys
    for (const char* key : {"io_serviced_recursive", "io_queue_recursive", "io_service_time_recursive",
                            "io_wait_time_recursive", "io_merged_recursive", "io_time_recursive", "sectors_recursive"})
      io.constant(key, nullptr);
  });
  v.constant("num_procs", 0);
  v.object("storage_stats", [](auto&) {});
  v("cpu_stats", x.cpu);
  v("precpu_stats", x.precpu);
  v("memory_stats", x.memory);
  v("networks", x.networks, Empty::omit);
}

STACK_API_JSON(ContainerStats)

}  // namespace stack::engine::api
