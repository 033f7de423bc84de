#pragma once
// Bodies as Docker Engine 28.5.2 wrote them (API 1.51), for the round-trip tests.

namespace stack::engine::api::captured {

inline constexpr const char* web_inspect = R"json({
 "Id": "8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097",
 "Created": "2026-11-23T11:43:25.05975614Z",
 "Path": "sleep",
 "Args": [
  "1000"
 ],
 "State": {
  "Status": "running",
  "Running": true,
  "Paused": false,
  "Restarting": false,
  "OOMKilled": false,
  "Dead": false,
  "Pid": 23434,
  "ExitCode": 0,
  "Error": "",
  "StartedAt": "2026-11-23T11:43:26.548293023Z",
  "FinishedAt": "0001-01-01T00:00:00Z",
  "Health": {
   "Status": "starting",
   "FailingStreak": 0,
   "Log": []
  }
 },
 "Image": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
 "ResolvConfPath": "/var/lib/dk/containers/8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097/resolv.conf",
 "HostnamePath": "/var/lib/dk/containers/8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097/hostname",
 "HostsPath": "/var/lib/dk/containers/8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097/hosts",
 "LogPath": "/var/lib/dk/containers/8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097/8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097-json.log",
 "Name": "/sp-web-1",
 "RestartCount": 0,
 "Driver": "overlay2",
 "Platform": "linux",
 "MountLabel": "",
 "ProcessLabel": "",
 "AppArmorProfile": "",
 "ExecIDs": null,
 "HostConfig": {
  "Binds": [
   "sp_dat:/data:rw",
   "/share/sp/h:/h:ro"
  ],
  "ContainerIDFile": "",
  "LogConfig": {
   "Type": "json-file",
   "Config": {}
  },
  "NetworkMode": "sp_back",
  "PortBindings": {
   "80/tcp": [
    {
     "HostIp": "",
     "HostPort": "18081"
    }
   ],
   "81/udp": [
    {
     "HostIp": "127.0.0.1",
     "HostPort": "18082"
    }
   ],
   "90/tcp": [
    {
     "HostIp": "",
     "HostPort": ""
    }
   ]
  },
  "RestartPolicy": {
   "Name": "unless-stopped",
   "MaximumRetryCount": 0
  },
  "AutoRemove": false,
  "VolumeDriver": "",
  "VolumesFrom": null,
  "ConsoleSize": [
   0,
   0
  ],
  "CapAdd": null,
  "CapDrop": null,
  "CgroupnsMode": "host",
  "Dns": null,
  "DnsOptions": null,
  "DnsSearch": null,
  "ExtraHosts": [
   "a:1.2.3.4"
  ],
  "GroupAdd": null,
  "IpcMode": "private",
  "Cgroup": "",
  "Links": null,
  "OomScoreAdj": 0,
  "PidMode": "",
  "Privileged": false,
  "PublishAllPorts": false,
  "ReadonlyRootfs": false,
  "SecurityOpt": null,
  "Tmpfs": {
   "/t": "size=1m"
  },
  "UTSMode": "",
  "UsernsMode": "",
  "ShmSize": 67108864,
  "Runtime": "runc",
  "Isolation": "",
  "CpuShares": 0,
  "Memory": 104857600,
  "NanoCpus": 500000000,
  "CgroupParent": "",
  "BlkioWeight": 0,
  "BlkioWeightDevice": null,
  "BlkioDeviceReadBps": null,
  "BlkioDeviceWriteBps": null,
  "BlkioDeviceReadIOps": null,
  "BlkioDeviceWriteIOps": null,
  "CpuPeriod": 0,
  "CpuQuota": 0,
  "CpuRealtimePeriod": 0,
  "CpuRealtimeRuntime": 0,
  "CpusetCpus": "",
  "CpusetMems": "",
  "Devices": null,
  "DeviceCgroupRules": null,
  "DeviceRequests": null,
  "MemoryReservation": 0,
  "MemorySwap": 209715200,
  "MemorySwappiness": null,
  "OomKillDisable": false,
  "PidsLimit": null,
  "Ulimits": [
   {
    "Name": "nofile",
    "Hard": 2000,
    "Soft": 1000
   }
  ],
  "CpuCount": 0,
  "CpuPercent": 0,
  "IOMaximumIOps": 0,
  "IOMaximumBandwidth": 0,
  "Mounts": [
   {
    "Type": "volume",
    "Target": "/anon",
    "VolumeOptions": {}
   },
   {
    "Type": "bind",
    "Source": "/share/sp/sec",
    "Target": "/run/secrets/s",
    "ReadOnly": true,
    "BindOptions": {}
   },
   {
    "Type": "bind",
    "Source": "/share/sp/conf",
    "Target": "/c",
    "ReadOnly": true
   }
  ],
  "MaskedPaths": [
   "/proc/asound",
   "/proc/acpi",
   "/proc/interrupts",
   "/proc/kcore",
   "/proc/keys",
   "/proc/latency_stats",
   "/proc/timer_list",
   "/proc/timer_stats",
   "/proc/sched_debug",
   "/proc/scsi",
   "/sys/firmware",
   "/sys/devices/virtual/powercap"
  ],
  "ReadonlyPaths": [
   "/proc/bus",
   "/proc/fs",
   "/proc/irq",
   "/proc/sys",
   "/proc/sysrq-trigger"
  ]
 },
 "GraphDriver": {
  "Data": {
   "ID": "8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097",
   "LowerDir": "/var/lib/dk/overlay2/9bdf7aa21188a2e317b9f3927445184bc8184b0c2b734723f2e0eff7106f83d7-init/diff:/var/lib/dk/overlay2/db359c13a74576ba6cca5a2175388d63abd8367f2120633e12390cb35d3b5582/diff",
   "MergedDir": "/var/lib/dk/overlay2/9bdf7aa21188a2e317b9f3927445184bc8184b0c2b734723f2e0eff7106f83d7/merged",
   "UpperDir": "/var/lib/dk/overlay2/9bdf7aa21188a2e317b9f3927445184bc8184b0c2b734723f2e0eff7106f83d7/diff",
   "WorkDir": "/var/lib/dk/overlay2/9bdf7aa21188a2e317b9f3927445184bc8184b0c2b734723f2e0eff7106f83d7/work"
  },
  "Name": "overlay2"
 },
 "Mounts": [
  {
   "Type": "bind",
   "Source": "/share/sp/conf",
   "Destination": "/c",
   "Mode": "",
   "RW": false,
   "Propagation": "rprivate"
  },
  {
   "Type": "volume",
   "Name": "sp_dat",
   "Source": "/var/lib/dk/volumes/sp_dat/_data",
   "Destination": "/data",
   "Driver": "local",
   "Mode": "rw",
   "RW": true,
   "Propagation": ""
  },
  {
   "Type": "bind",
   "Source": "/share/sp/h",
   "Destination": "/h",
   "Mode": "ro",
   "RW": false,
   "Propagation": "rprivate"
  },
  {
   "Type": "volume",
   "Name": "d4713ebc3ea4b838412f6bf6f71c81f8b535f109b2e22a768bf0caf9b81424c3",
   "Source": "/var/lib/dk/volumes/d4713ebc3ea4b838412f6bf6f71c81f8b535f109b2e22a768bf0caf9b81424c3/_data",
   "Destination": "/anon",
   "Driver": "local",
   "Mode": "z",
   "RW": true,
   "Propagation": ""
  },
  {
   "Type": "bind",
   "Source": "/share/sp/sec",
   "Destination": "/run/secrets/s",
   "Mode": "",
   "RW": false,
   "Propagation": "rprivate"
  }
 ],
 "Config": {
  "Hostname": "8459f3219344",
  "Domainname": "",
  "User": "",
  "AttachStdin": false,
  "AttachStdout": true,
  "AttachStderr": true,
  "ExposedPorts": {
   "80/tcp": {},
   "81/udp": {},
   "90/tcp": {},
   "99": {}
  },
  "Tty": false,
  "OpenStdin": false,
  "StdinOnce": false,
  "Env": [
   "A=b",
   "C"
  ],
  "Cmd": [
   "sleep",
   "1000"
  ],
  "Healthcheck": {
   "Test": [
    "CMD-SHELL",
    "true"
   ],
   "Interval": 1000000000,
   "Retries": 2
  },
  "Image": "bb",
  "Volumes": null,
  "WorkingDir": "",
  "Entrypoint": null,
  "OnBuild": null,
  "Labels": {
   "com.docker.compose.config-hash": "492b39ada236f8885e3bec1e536027811eb3e9c9de5d87f1daa9eddbf86aa04e",
   "com.docker.compose.container-number": "1",
   "com.docker.compose.depends_on": "db:service_healthy:false,init:service_completed_successfully:false",
   "com.docker.compose.image": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
   "com.docker.compose.oneoff": "False",
   "com.docker.compose.project": "sp",
   "com.docker.compose.project.config_files": "/share/sp/c.yaml",
   "com.docker.compose.project.working_dir": "/share/sp",
   "com.docker.compose.service": "web",
   "com.docker.compose.version": "2.40.3",
   "l": "1"
  }
 },
 "NetworkSettings": {
  "Bridge": "",
  "SandboxID": "c9b840b26336d88167189c068ea10733813069272204471f8240c0cab721a2cd",
  "SandboxKey": "/run/dk/netns/c9b840b26336",
  "Ports": {
   "80/tcp": [
    {
     "HostIp": "0.0.0.0",
     "HostPort": "18081"
    },
    {
     "HostIp": "::",
     "HostPort": "18081"
    }
   ],
   "81/udp": [
    {
     "HostIp": "127.0.0.1",
     "HostPort": "18082"
    }
   ],
   "90/tcp": [
    {
     "HostIp": "0.0.0.0",
     "HostPort": "32769"
    },
    {
     "HostIp": "::",
     "HostPort": "32769"
    }
   ],
   "99/tcp": null
  },
  "HairpinMode": false,
  "LinkLocalIPv6Address": "",
  "LinkLocalIPv6PrefixLen": 0,
  "SecondaryIPAddresses": null,
  "SecondaryIPv6Addresses": null,
  "EndpointID": "",
  "Gateway": "",
  "GlobalIPv6Address": "",
  "GlobalIPv6PrefixLen": 0,
  "IPAddress": "",
  "IPPrefixLen": 0,
  "IPv6Gateway": "",
  "MacAddress": "",
  "Networks": {
   "sp_back": {
    "IPAMConfig": {},
    "Links": null,
    "Aliases": [
     "sp-web-1",
     "web",
     "x"
    ],
    "MacAddress": "4e:df:e5:f9:55:47",
    "DriverOpts": null,
    "GwPriority": 0,
    "NetworkID": "aaf4d67ce65a9cc602dacb3a2975ceba7f593b6ce5d2243976e6cd3ceefc1434",
    "EndpointID": "c7e9c2f252ddc60a429eac088011ef7f045e123be351ce8ed364ffe1ca946d72",
    "Gateway": "172.18.0.1",
    "IPAddress": "172.18.0.3",
    "IPPrefixLen": 16,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "DNSNames": [
     "sp-web-1",
     "web",
     "x",
     "8459f3219344"
    ]
   },
   "sp_front": {
    "IPAMConfig": {},
    "Links": null,
    "Aliases": [
     "sp-web-1",
     "web"
    ],
    "MacAddress": "5e:01:be:9b:0b:8a",
    "DriverOpts": null,
    "GwPriority": 0,
    "NetworkID": "7874676f820b2a1487a6916e9795984c7340f1b33ef2a2e692f833142e5cd3aa",
    "EndpointID": "4494013aefad466e06ec5e28275a429f1baa216016538502939075c4adef8b32",
    "Gateway": "10.99.0.1",
    "IPAddress": "10.99.0.2",
    "IPPrefixLen": 24,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "DNSNames": [
     "sp-web-1",
     "web",
     "8459f3219344"
    ]
   }
  }
 }
})json";

inline constexpr const char* db_inspect = R"json({
 "Id": "655923fbc11b0586928bc53db5514850380541d7f8af0557a7a5ded883ccd08c",
 "Created": "2026-11-23T11:43:25.03543882Z",
 "Path": "sleep",
 "Args": [
  "1000"
 ],
 "State": {
  "Status": "running",
  "Running": true,
  "Paused": false,
  "Restarting": false,
  "OOMKilled": false,
  "Dead": false,
  "Pid": 23228,
  "ExitCode": 0,
  "Error": "",
  "StartedAt": "2026-11-23T11:43:25.098488502Z",
  "FinishedAt": "0001-01-01T00:00:00Z",
  "Health": {
   "Status": "healthy",
   "FailingStreak": 0,
   "Log": [
    {
     "Start": "2026-11-23T11:43:26.432748343Z",
     "End": "2026-11-23T11:43:26.494105096Z",
     "ExitCode": 0,
     "Output": ""
    }
   ]
  }
 },
 "Image": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
 "ResolvConfPath": "/var/lib/dk/containers/655923fbc11b0586928bc53db5514850380541d7f8af0557a7a5ded883ccd08c/resolv.conf",
 "HostnamePath": "/var/lib/dk/containers/655923fbc11b0586928bc53db5514850380541d7f8af0557a7a5ded883ccd08c/hostname",
 "HostsPath": "/var/lib/dk/containers/655923fbc11b0586928bc53db5514850380541d7f8af0557a7a5ded883ccd08c/hosts",
 "LogPath": "/var/lib/dk/containers/655923fbc11b0586928bc53db5514850380541d7f8af0557a7a5ded883ccd08c/655923fbc11b0586928bc53db5514850380541d7f8af0557a7a5ded883ccd08c-json.log",
 "Name": "/sp-db-1",
 "RestartCount": 0,
 "Driver": "overlay2",
 "Platform": "linux",
 "MountLabel": "",
 "ProcessLabel": "",
 "AppArmorProfile": "",
 "ExecIDs": null,
 "HostConfig": {
  "Binds": null,
  "ContainerIDFile": "",
  "LogConfig": {
   "Type": "json-file",
   "Config": {}
  },
  "NetworkMode": "sp_back",
  "PortBindings": {},
  "RestartPolicy": {
   "Name": "no",
   "MaximumRetryCount": 0
  },
  "AutoRemove": false,
  "VolumeDriver": "",
  "VolumesFrom": null,
  "ConsoleSize": [
   0,
   0
  ],
  "CapAdd": null,
  "CapDrop": null,
  "CgroupnsMode": "host",
  "Dns": null,
  "DnsOptions": null,
  "DnsSearch": null,
  "ExtraHosts": [],
  "GroupAdd": null,
  "IpcMode": "private",
  "Cgroup": "",
  "Links": null,
  "OomScoreAdj": 0,
  "PidMode": "",
  "Privileged": false,
  "PublishAllPorts": false,
  "ReadonlyRootfs": false,
  "SecurityOpt": null,
  "UTSMode": "",
  "UsernsMode": "",
  "ShmSize": 67108864,
  "Runtime": "runc",
  "Isolation": "",
  "CpuShares": 0,
  "Memory": 0,
  "NanoCpus": 0,
  "CgroupParent": "",
  "BlkioWeight": 0,
  "BlkioWeightDevice": null,
  "BlkioDeviceReadBps": null,
  "BlkioDeviceWriteBps": null,
  "BlkioDeviceReadIOps": null,
  "BlkioDeviceWriteIOps": null,
  "CpuPeriod": 0,
  "CpuQuota": 0,
  "CpuRealtimePeriod": 0,
  "CpuRealtimeRuntime": 0,
  "CpusetCpus": "",
  "CpusetMems": "",
  "Devices": null,
  "DeviceCgroupRules": null,
  "DeviceRequests": null,
  "MemoryReservation": 0,
  "MemorySwap": 0,
  "MemorySwappiness": null,
  "OomKillDisable": false,
  "PidsLimit": null,
  "Ulimits": null,
  "CpuCount": 0,
  "CpuPercent": 0,
  "IOMaximumIOps": 0,
  "IOMaximumBandwidth": 0,
  "MaskedPaths": [
   "/proc/asound",
   "/proc/acpi",
   "/proc/interrupts",
   "/proc/kcore",
   "/proc/keys",
   "/proc/latency_stats",
   "/proc/timer_list",
   "/proc/timer_stats",
   "/proc/sched_debug",
   "/proc/scsi",
   "/sys/firmware",
   "/sys/devices/virtual/powercap"
  ],
  "ReadonlyPaths": [
   "/proc/bus",
   "/proc/fs",
   "/proc/irq",
   "/proc/sys",
   "/proc/sysrq-trigger"
  ],
  "Init": true
 },
 "GraphDriver": {
  "Data": {
   "ID": "655923fbc11b0586928bc53db5514850380541d7f8af0557a7a5ded883ccd08c",
   "LowerDir": "/var/lib/dk/overlay2/d8d5ff708e9601eecee6d0c6e6656ad1bc368d1bffb3609412306517fd57a092-init/diff:/var/lib/dk/overlay2/db359c13a74576ba6cca5a2175388d63abd8367f2120633e12390cb35d3b5582/diff",
   "MergedDir": "/var/lib/dk/overlay2/d8d5ff708e9601eecee6d0c6e6656ad1bc368d1bffb3609412306517fd57a092/merged",
   "UpperDir": "/var/lib/dk/overlay2/d8d5ff708e9601eecee6d0c6e6656ad1bc368d1bffb3609412306517fd57a092/diff",
   "WorkDir": "/var/lib/dk/overlay2/d8d5ff708e9601eecee6d0c6e6656ad1bc368d1bffb3609412306517fd57a092/work"
  },
  "Name": "overlay2"
 },
 "Mounts": [],
 "Config": {
  "Hostname": "655923fbc11b",
  "Domainname": "",
  "User": "",
  "AttachStdin": false,
  "AttachStdout": true,
  "AttachStderr": true,
  "Tty": true,
  "OpenStdin": false,
  "StdinOnce": false,
  "Env": null,
  "Cmd": [
   "sleep",
   "1000"
  ],
  "Healthcheck": {
   "Test": [
    "CMD",
    "true"
   ],
   "Interval": 1000000000
  },
  "Image": "bb",
  "Volumes": null,
  "WorkingDir": "",
  "Entrypoint": null,
  "OnBuild": null,
  "Labels": {
   "com.docker.compose.config-hash": "1ed94ca5b3a2325ddeb6b20aa8cea3047ed6e37d66bf3df99ec37c90b8e71228",
   "com.docker.compose.container-number": "1",
   "com.docker.compose.depends_on": "",
   "com.docker.compose.image": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
   "com.docker.compose.oneoff": "False",
   "com.docker.compose.project": "sp",
   "com.docker.compose.project.config_files": "/share/sp/c.yaml",
   "com.docker.compose.project.working_dir": "/share/sp",
   "com.docker.compose.service": "db",
   "com.docker.compose.version": "2.40.3"
  },
  "StopSignal": "SIGINT",
  "StopTimeout": 3
 },
 "NetworkSettings": {
  "Bridge": "",
  "SandboxID": "0ef8f9b2bf80bcd6a079bd1c62f808d3a7d95e20337b015d387e7b0c82de22e6",
  "SandboxKey": "/run/dk/netns/0ef8f9b2bf80",
  "Ports": {},
  "HairpinMode": false,
  "LinkLocalIPv6Address": "",
  "LinkLocalIPv6PrefixLen": 0,
  "SecondaryIPAddresses": null,
  "SecondaryIPv6Addresses": null,
  "EndpointID": "",
  "Gateway": "",
  "GlobalIPv6Address": "",
  "GlobalIPv6PrefixLen": 0,
  "IPAddress": "",
  "IPPrefixLen": 0,
  "IPv6Gateway": "",
  "MacAddress": "",
  "Networks": {
   "sp_back": {
    "IPAMConfig": null,
    "Links": null,
    "Aliases": [
     "sp-db-1",
     "db"
    ],
    "MacAddress": "92:fa:a6:5a:5c:61",
    "DriverOpts": null,
    "GwPriority": 0,
    "NetworkID": "aaf4d67ce65a9cc602dacb3a2975ceba7f593b6ce5d2243976e6cd3ceefc1434",
    "EndpointID": "187b202533d810547db0b7ddd5874374c57a2dea165fe61c35da636a751fe3d3",
    "Gateway": "172.18.0.1",
    "IPAddress": "172.18.0.2",
    "IPPrefixLen": 16,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "DNSNames": [
     "sp-db-1",
     "db",
     "655923fbc11b"
    ]
   }
  }
 }
})json";

inline constexpr const char* host_inspect = R"json({
 "Id": "07cd82e419594f627bfd4cf1feab188a1522b3e5a4697a11ce417766dced01cd",
 "Created": "2026-11-23T11:43:25.035193069Z",
 "Path": "sh",
 "Args": [
  "-c",
  "sleep",
  "100"
 ],
 "State": {
  "Status": "exited",
  "Running": false,
  "Paused": false,
  "Restarting": false,
  "OOMKilled": false,
  "Dead": false,
  "Pid": 0,
  "ExitCode": 1,
  "Error": "",
  "StartedAt": "2026-11-23T11:43:25.102690795Z",
  "FinishedAt": "2026-11-23T11:43:25.434331088Z"
 },
 "Image": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
 "ResolvConfPath": "/var/lib/dk/containers/07cd82e419594f627bfd4cf1feab188a1522b3e5a4697a11ce417766dced01cd/resolv.conf",
 "HostnamePath": "/var/lib/dk/containers/07cd82e419594f627bfd4cf1feab188a1522b3e5a4697a11ce417766dced01cd/hostname",
 "HostsPath": "/var/lib/dk/containers/07cd82e419594f627bfd4cf1feab188a1522b3e5a4697a11ce417766dced01cd/hosts",
 "LogPath": "/var/lib/dk/containers/07cd82e419594f627bfd4cf1feab188a1522b3e5a4697a11ce417766dced01cd/07cd82e419594f627bfd4cf1feab188a1522b3e5a4697a11ce417766dced01cd-json.log",
 "Name": "/hostie",
 "RestartCount": 0,
 "Driver": "overlay2",
 "Platform": "linux",
 "MountLabel": "",
 "ProcessLabel": "",
 "AppArmorProfile": "",
 "ExecIDs": null,
 "HostConfig": {
  "Binds": null,
  "ContainerIDFile": "",
  "LogConfig": {
   "Type": "json-file",
   "Config": {}
  },
  "NetworkMode": "host",
  "PortBindings": {},
  "RestartPolicy": {
   "Name": "no",
   "MaximumRetryCount": 0
  },
  "AutoRemove": false,
  "VolumeDriver": "",
  "VolumesFrom": null,
  "ConsoleSize": [
   0,
   0
  ],
  "CapAdd": [
   "CAP_NET_ADMIN"
  ],
  "CapDrop": [
   "ALL"
  ],
  "CgroupnsMode": "host",
  "Dns": [
   "1.1.1.1"
  ],
  "DnsOptions": null,
  "DnsSearch": null,
  "ExtraHosts": [],
  "GroupAdd": null,
  "IpcMode": "private",
  "Cgroup": "",
  "Links": null,
  "OomScoreAdj": 0,
  "PidMode": "",
  "Privileged": false,
  "PublishAllPorts": false,
  "ReadonlyRootfs": true,
  "SecurityOpt": null,
  "UTSMode": "",
  "UsernsMode": "",
  "ShmSize": 67108864,
  "Runtime": "runc",
  "Isolation": "",
  "CpuShares": 0,
  "Memory": 20971520,
  "NanoCpus": 300000000,
  "CgroupParent": "",
  "BlkioWeight": 0,
  "BlkioWeightDevice": null,
  "BlkioDeviceReadBps": null,
  "BlkioDeviceWriteBps": null,
  "BlkioDeviceReadIOps": null,
  "BlkioDeviceWriteIOps": null,
  "CpuPeriod": 0,
  "CpuQuota": 0,
  "CpuRealtimePeriod": 0,
  "CpuRealtimeRuntime": 0,
  "CpusetCpus": "",
  "CpusetMems": "",
  "Devices": null,
  "DeviceCgroupRules": null,
  "DeviceRequests": null,
  "MemoryReservation": 0,
  "MemorySwap": 41943040,
  "MemorySwappiness": null,
  "OomKillDisable": false,
  "PidsLimit": 20,
  "Ulimits": null,
  "CpuCount": 0,
  "CpuPercent": 0,
  "IOMaximumIOps": 0,
  "IOMaximumBandwidth": 0,
  "MaskedPaths": [
   "/proc/asound",
   "/proc/acpi",
   "/proc/interrupts",
   "/proc/kcore",
   "/proc/keys",
   "/proc/latency_stats",
   "/proc/timer_list",
   "/proc/timer_stats",
   "/proc/sched_debug",
   "/proc/scsi",
   "/sys/firmware",
   "/sys/devices/virtual/powercap"
  ],
  "ReadonlyPaths": [
   "/proc/bus",
   "/proc/fs",
   "/proc/irq",
   "/proc/sys",
   "/proc/sysrq-trigger"
  ]
 },
 "GraphDriver": {
  "Data": {
   "ID": "07cd82e419594f627bfd4cf1feab188a1522b3e5a4697a11ce417766dced01cd",
   "LowerDir": "/var/lib/dk/overlay2/82c7bacdc4d2beed35dcb126f1edd55850b41f70345bc69caef55d5a431917a3-init/diff:/var/lib/dk/overlay2/db359c13a74576ba6cca5a2175388d63abd8367f2120633e12390cb35d3b5582/diff",
   "MergedDir": "/var/lib/dk/overlay2/82c7bacdc4d2beed35dcb126f1edd55850b41f70345bc69caef55d5a431917a3/merged",
   "UpperDir": "/var/lib/dk/overlay2/82c7bacdc4d2beed35dcb126f1edd55850b41f70345bc69caef55d5a431917a3/diff",
   "WorkDir": "/var/lib/dk/overlay2/82c7bacdc4d2beed35dcb126f1edd55850b41f70345bc69caef55d5a431917a3/work"
  },
  "Name": "overlay2"
 },
 "Mounts": [],
 "Config": {
  "Hostname": "vm",
  "Domainname": "",
  "User": "1:1",
  "AttachStdin": false,
  "AttachStdout": true,
  "AttachStderr": true,
  "Tty": false,
  "OpenStdin": false,
  "StdinOnce": false,
  "Env": null,
  "Cmd": [
   "sleep",
   "100"
  ],
  "Image": "bb",
  "Volumes": null,
  "WorkingDir": "/tmp",
  "Entrypoint": [
   "sh",
   "-c"
  ],
  "OnBuild": null,
  "Labels": {
   "com.docker.compose.config-hash": "061f9f2d8fd97bfda1ba1c51e5cd03e5753a2bb68f35e61de33c917a965c44a0",
   "com.docker.compose.container-number": "1",
   "com.docker.compose.depends_on": "",
   "com.docker.compose.image": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
   "com.docker.compose.oneoff": "False",
   "com.docker.compose.project": "sp",
   "com.docker.compose.project.config_files": "/share/sp/c.yaml",
   "com.docker.compose.project.working_dir": "/share/sp",
   "com.docker.compose.service": "host",
   "com.docker.compose.version": "2.40.3"
  }
 },
 "NetworkSettings": {
  "Bridge": "",
  "SandboxID": "",
  "SandboxKey": "",
  "Ports": {},
  "HairpinMode": false,
  "LinkLocalIPv6Address": "",
  "LinkLocalIPv6PrefixLen": 0,
  "SecondaryIPAddresses": null,
  "SecondaryIPv6Addresses": null,
  "EndpointID": "",
  "Gateway": "",
  "GlobalIPv6Address": "",
  "GlobalIPv6PrefixLen": 0,
  "IPAddress": "",
  "IPPrefixLen": 0,
  "IPv6Gateway": "",
  "MacAddress": "",
  "Networks": {
   "host": {
    "IPAMConfig": null,
    "Links": null,
    "Aliases": null,
    "MacAddress": "",
    "DriverOpts": null,
    "GwPriority": 0,
    "NetworkID": "e14d4d9165cf23e21a2fbd32c94f86c97d989ac7d3adb74b9520cb2a4b48c4b7",
    "EndpointID": "",
    "Gateway": "",
    "IPAddress": "",
    "IPPrefixLen": 0,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "DNSNames": null
   }
  }
 }
})json";

inline constexpr const char* container_list = R"json([
 {
  "Id": "8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097",
  "Names": [
   "/sp-web-1"
  ],
  "Image": "bb",
  "ImageID": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
  "Command": "sleep 1000",
  "Created": 1795434205,
  "Ports": [
   {
    "IP": "0.0.0.0",
    "PrivatePort": 80,
    "PublicPort": 18081,
    "Type": "tcp"
   },
   {
    "IP": "::",
    "PrivatePort": 80,
    "PublicPort": 18081,
    "Type": "tcp"
   },
   {
    "IP": "127.0.0.1",
    "PrivatePort": 81,
    "PublicPort": 18082,
    "Type": "udp"
   },
   {
    "IP": "0.0.0.0",
    "PrivatePort": 90,
    "PublicPort": 32769,
    "Type": "tcp"
   },
   {
    "IP": "::",
    "PrivatePort": 90,
    "PublicPort": 32769,
    "Type": "tcp"
   },
   {
    "PrivatePort": 99,
    "Type": "tcp"
   }
  ],
  "Labels": {
   "com.docker.compose.config-hash": "492b39ada236f8885e3bec1e536027811eb3e9c9de5d87f1daa9eddbf86aa04e",
   "com.docker.compose.container-number": "1",
   "com.docker.compose.depends_on": "db:service_healthy:false,init:service_completed_successfully:false",
   "com.docker.compose.image": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
   "com.docker.compose.oneoff": "False",
   "com.docker.compose.project": "sp",
   "com.docker.compose.project.config_files": "/share/sp/c.yaml",
   "com.docker.compose.project.working_dir": "/share/sp",
   "com.docker.compose.service": "web",
   "com.docker.compose.version": "2.40.3",
   "l": "1"
  },
  "State": "running",
  "Status": "Up Less than a second (health: starting)",
  "HostConfig": {
   "NetworkMode": "sp_back"
  },
  "NetworkSettings": {
   "Networks": {
    "sp_back": {
     "IPAMConfig": {},
     "Links": null,
     "Aliases": null,
     "MacAddress": "4e:df:e5:f9:55:47",
     "DriverOpts": null,
     "GwPriority": 0,
     "NetworkID": "aaf4d67ce65a9cc602dacb3a2975ceba7f593b6ce5d2243976e6cd3ceefc1434",
     "EndpointID": "c7e9c2f252ddc60a429eac088011ef7f045e123be351ce8ed364ffe1ca946d72",
     "Gateway": "172.18.0.1",
     "IPAddress": "172.18.0.3",
     "IPPrefixLen": 16,
     "IPv6Gateway": "",
     "GlobalIPv6Address": "",
     "GlobalIPv6PrefixLen": 0,
     "DNSNames": null
    },
    "sp_front": {
     "IPAMConfig": {},
     "Links": null,
     "Aliases": null,
     "MacAddress": "5e:01:be:9b:0b:8a",
     "DriverOpts": null,
     "GwPriority": 0,
     "NetworkID": "7874676f820b2a1487a6916e9795984c7340f1b33ef2a2e692f833142e5cd3aa",
     "EndpointID": "4494013aefad466e06ec5e28275a429f1baa216016538502939075c4adef8b32",
     "Gateway": "10.99.0.1",
     "IPAddress": "10.99.0.2",
     "IPPrefixLen": 24,
     "IPv6Gateway": "",
     "GlobalIPv6Address": "",
     "GlobalIPv6PrefixLen": 0,
     "DNSNames": null
    }
   }
  },
  "Mounts": [
   {
    "Type": "bind",
    "Source": "/share/sp/conf",
    "Destination": "/c",
    "Mode": "",
    "RW": false,
    "Propagation": "rprivate"
   },
   {
    "Type": "volume",
    "Name": "sp_dat",
    "Source": "/var/lib/dk/volumes/sp_dat/_data",
    "Destination": "/data",
    "Driver": "local",
    "Mode": "rw",
    "RW": true,
    "Propagation": ""
   },
   {
    "Type": "bind",
    "Source": "/share/sp/h",
    "Destination": "/h",
    "Mode": "ro",
    "RW": false,
    "Propagation": "rprivate"
   },
   {
    "Type": "bind",
    "Source": "/share/sp/sec",
    "Destination": "/run/secrets/s",
    "Mode": "",
    "RW": false,
    "Propagation": "rprivate"
   },
   {
    "Type": "volume",
    "Name": "d4713ebc3ea4b838412f6bf6f71c81f8b535f109b2e22a768bf0caf9b81424c3",
    "Source": "/var/lib/dk/volumes/d4713ebc3ea4b838412f6bf6f71c81f8b535f109b2e22a768bf0caf9b81424c3/_data",
    "Destination": "/anon",
    "Driver": "local",
    "Mode": "z",
    "RW": true,
    "Propagation": ""
   }
  ]
 },
 {
  "Id": "07cd82e419594f627bfd4cf1feab188a1522b3e5a4697a11ce417766dced01cd",
  "Names": [
   "/hostie"
  ],
  "Image": "bb",
  "ImageID": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
  "Command": "sh -c sleep 100",
  "Created": 1795434205,
  "Ports": [],
  "Labels": {
   "com.docker.compose.config-hash": "061f9f2d8fd97bfda1ba1c51e5cd03e5753a2bb68f35e61de33c917a965c44a0",
   "com.docker.compose.container-number": "1",
   "com.docker.compose.depends_on": "",
   "com.docker.compose.image": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
   "com.docker.compose.oneoff": "False",
   "com.docker.compose.project": "sp",
   "com.docker.compose.project.config_files": "/share/sp/c.yaml",
   "com.docker.compose.project.working_dir": "/share/sp",
   "com.docker.compose.service": "host",
   "com.docker.compose.version": "2.40.3"
  },
  "State": "exited",
  "Status": "Exited (1) 1 second ago",
  "HostConfig": {
   "NetworkMode": "host"
  },
  "NetworkSettings": {
   "Networks": {
    "host": {
     "IPAMConfig": null,
     "Links": null,
     "Aliases": null,
     "MacAddress": "",
     "DriverOpts": null,
     "GwPriority": 0,
     "NetworkID": "e14d4d9165cf23e21a2fbd32c94f86c97d989ac7d3adb74b9520cb2a4b48c4b7",
     "EndpointID": "",
     "Gateway": "",
     "IPAddress": "",
     "IPPrefixLen": 0,
     "IPv6Gateway": "",
     "GlobalIPv6Address": "",
     "GlobalIPv6PrefixLen": 0,
     "DNSNames": null
    }
   }
  },
  "Mounts": []
 }
])json";

inline constexpr const char* network_inspect = R"json({
 "Name": "sp_front",
 "Id": "7874676f820b2a1487a6916e9795984c7340f1b33ef2a2e692f833142e5cd3aa",
 "Created": "2026-11-23T11:43:24.975166733Z",
 "Scope": "local",
 "Driver": "bridge",
 "EnableIPv4": true,
 "EnableIPv6": false,
 "IPAM": {
  "Driver": "default",
  "Options": null,
  "Config": [
   {
    "Subnet": "10.99.0.0/24"
   }
  ]
 },
 "Internal": false,
 "Attachable": false,
 "Ingress": false,
 "ConfigFrom": {
  "Network": ""
 },
 "ConfigOnly": false,
 "Containers": {
  "8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097": {
   "Name": "sp-web-1",
   "EndpointID": "4494013aefad466e06ec5e28275a429f1baa216016538502939075c4adef8b32",
   "MacAddress": "5e:01:be:9b:0b:8a",
   "IPv4Address": "10.99.0.2/24",
   "IPv6Address": ""
  }
 },
 "Options": {},
 "Labels": {
  "com.docker.compose.config-hash": "5e3c8043c4490b1fe3b9f785e34171b25178f13ecb1bc728e71886008e006902",
  "com.docker.compose.network": "front",
  "com.docker.compose.project": "sp",
  "com.docker.compose.version": "2.40.3",
  "q": "w"
 }
})json";

inline constexpr const char* network_list = R"json([
 {
  "Name": "none",
  "Id": "d7baf38fbbbc27af7cccb02efc1c8061fa54351dbd36f9441c812f3f37e37bfb",
  "Created": "2026-11-23T11:42:26.424221587Z",
  "Scope": "local",
  "Driver": "null",
  "EnableIPv4": true,
  "EnableIPv6": false,
  "IPAM": {
   "Driver": "default",
   "Options": null,
   "Config": null
  },
  "Internal": false,
  "Attachable": false,
  "Ingress": false,
  "ConfigFrom": {
   "Network": ""
  },
  "ConfigOnly": false,
  "Containers": {},
  "Options": {},
  "Labels": {}
 },
 {
  "Name": "bridge",
  "Id": "233af45ae282a18a2169540c6a2423bbb994a0553c55862be18b4fd5803c7830",
  "Created": "2026-11-23T11:42:26.42645241Z",
  "Scope": "local",
  "Driver": "bridge",
  "EnableIPv4": true,
  "EnableIPv6": false,
  "IPAM": {
   "Driver": "default",
   "Options": null,
   "Config": [
    {
     "Subnet": "172.17.0.0/16",
     "Gateway": "172.17.0.1"
    }
   ]
  },
  "Internal": false,
  "Attachable": false,
  "Ingress": false,
  "ConfigFrom": {
   "Network": ""
  },
  "ConfigOnly": false,
  "Containers": {},
  "Options": {
   "com.docker.network.bridge.default_bridge": "true",
   "com.docker.network.bridge.enable_icc": "true",
   "com.docker.network.bridge.enable_ip_masquerade": "true",
   "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
   "com.docker.network.bridge.name": "docker0",
   "com.docker.network.driver.mtu": "1500"
  },
  "Labels": {}
 },
 {
  "Name": "sp_back",
  "Id": "aaf4d67ce65a9cc602dacb3a2975ceba7f593b6ce5d2243976e6cd3ceefc1434",
  "Created": "2026-11-23T11:43:24.928412465Z",
  "Scope": "local",
  "Driver": "bridge",
  "EnableIPv4": true,
  "EnableIPv6": false,
  "IPAM": {
   "Driver": "default",
   "Options": null,
   "Config": [
    {
     "Subnet": "172.18.0.0/16",
     "Gateway": "172.18.0.1"
    }
   ]
  },
  "Internal": false,
  "Attachable": false,
  "Ingress": false,
  "ConfigFrom": {
   "Network": ""
  },
  "ConfigOnly": false,
  "Containers": {},
  "Options": {},
  "Labels": {
   "com.docker.compose.config-hash": "57b8405f242bdcb6c618558f6652642711c83bddeef7e93d35f9a4d5c65dc51f",
   "com.docker.compose.network": "back",
   "com.docker.compose.project": "sp",
   "com.docker.compose.version": "2.40.3"
  }
 }
])json";

inline constexpr const char* volume_inspect = R"json({
 "CreatedAt": "2026-11-23T11:43:25Z",
 "Driver": "local",
 "Labels": {
  "com.docker.compose.config-hash": "ec2dc9bc8ac1b7900ce86fb77262be84b0a4cf6f652202f36a00c58fb7c63148",
  "com.docker.compose.project": "sp",
  "com.docker.compose.version": "2.40.3",
  "com.docker.compose.volume": "dat"
 },
 "Mountpoint": "/var/lib/dk/volumes/sp_dat/_data",
 "Name": "sp_dat",
 "Options": null,
 "Scope": "local"
})json";

inline constexpr const char* image_inspect = R"json({
 "Id": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
 "RepoTags": [
  "bb:latest"
 ],
 "RepoDigests": [],
 "Parent": "",
 "Comment": "Imported from -",
 "Created": "2026-11-23T11:43:24.695675943Z",
 "DockerVersion": "28.5.2+dfsg4",
 "Author": "",
 "Architecture": "amd64",
 "Os": "linux",
 "Size": 1984172,
 "GraphDriver": {
  "Data": {
   "MergedDir": "/var/lib/dk/overlay2/db359c13a74576ba6cca5a2175388d63abd8367f2120633e12390cb35d3b5582/merged",
   "UpperDir": "/var/lib/dk/overlay2/db359c13a74576ba6cca5a2175388d63abd8367f2120633e12390cb35d3b5582/diff",
   "WorkDir": "/var/lib/dk/overlay2/db359c13a74576ba6cca5a2175388d63abd8367f2120633e12390cb35d3b5582/work"
  },
  "Name": "overlay2"
 },
 "RootFS": {
  "Type": "layers",
  "Layers": [
   "sha256:efb07308177c5cb5927e8f98bda8659a7049c7947915925a649fe4cc7ddb435f"
  ]
 },
 "Metadata": {
  "LastTagTime": "2026-11-23T11:43:24.697010409Z"
 },
 "Config": {
  "Cmd": null,
  "Entrypoint": null,
  "Env": null,
  "Labels": null,
  "OnBuild": null,
  "User": "",
  "Volumes": null,
  "WorkingDir": ""
 }
})json";

inline constexpr const char* image_list = R"json([
 {
  "Containers": 0,
  "Created": 1795434422,
  "Id": "sha256:963668a364e43bf90de26d82f48ae281114d28b50140b1d571b0de751490e063",
  "Labels": null,
  "ParentId": "",
  "RepoDigests": [],
  "RepoTags": [
   "local/busybox:latest"
  ],
  "SharedSize": -1,
  "Size": 1984342
 }
])json";

inline constexpr const char* version = R"json({
 "Platform": {
  "Name": ""
 },
 "Components": [
  {
   "Name": "Engine",
   "Version": "28.5.2+dfsg4",
   "Details": {
    "ApiVersion": "1.51",
    "Arch": "amd64",
    "BuildTime": "2026-09-15T11:02:57.000000000+00:00",
    "Experimental": "false",
    "GitCommit": "3ef3c07c883be49a2e8097bcf6d2952fce1d70eb",
    "GoVersion": "go1.27.1",
    "KernelVersion": "6.18.44-fc-v657",
    "MinAPIVersion": "1.24",
    "Os": "linux"
   }
  },
  {
   "Name": "containerd",
   "Version": "2.1.9+unknown",
   "Details": {
    "GitCommit": ""
   }
  },
  {
   "Name": "runc",
   "Version": "1.3.6+ds1",
   "Details": {
    "GitCommit": "1.3.6+ds1-1"
   }
  },
  {
   "Name": "docker-init",
   "Version": "0.19.0",
   "Details": {
    "GitCommit": ""
   }
  }
 ],
 "Version": "28.5.2+dfsg4",
 "ApiVersion": "1.51",
 "MinAPIVersion": "1.24",
 "GitCommit": "3ef3c07c883be49a2e8097bcf6d2952fce1d70eb",
 "GoVersion": "go1.27.1",
 "Os": "linux",
 "Arch": "amd64",
 "KernelVersion": "6.18.44-fc-v657",
 "BuildTime": "2026-09-15T11:02:57.000000000+00:00"
})json";

inline constexpr const char* exec_before = R"json({
 "ID": "c73cde087c5169412514bb82ebd515a7c0a59c01896ccfa8ca2c8829386ef848",
 "Running": false,
 "ExitCode": null,
 "ProcessConfig": {
  "tty": false,
  "entrypoint": "echo",
  "arguments": [
   "hi"
  ],
  "privileged": false
 },
 "OpenStdin": false,
 "OpenStderr": false,
 "OpenStdout": true,
 "CanRemove": false,
 "ContainerID": "8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097",
 "DetachKeys": "",
 "Pid": 0
})json";

inline constexpr const char* exec_after = R"json({
 "ID": "c73cde087c5169412514bb82ebd515a7c0a59c01896ccfa8ca2c8829386ef848",
 "Running": false,
 "ExitCode": 0,
 "ProcessConfig": {
  "tty": false,
  "entrypoint": "echo",
  "arguments": [
   "hi"
  ],
  "privileged": false
 },
 "OpenStdin": false,
 "OpenStderr": false,
 "OpenStdout": true,
 "CanRemove": false,
 "ContainerID": "8459f3219344fc2f6f6128628fc592640d030996261c09cf39aa83063af3a097",
 "DetachKeys": "",
 "Pid": 31305
})json";

inline constexpr const char* image_history = R"json([
 {
  "Comment": "Imported from -",
  "Created": 1795434204,
  "CreatedBy": "",
  "Id": "sha256:1234927aab20d425ba0536e8a1d7c152d137a24cf9da2068534c67b37066253d",
  "Size": 1984172,
  "Tags": [
   "bb:latest"
  ]
 }
])json";

inline constexpr const char* container_event = R"json({
 "status": "start",
 "id": "5e7dd30d0d31da254258ca623f0543dec2ea2ce945315c7a7432356bb3f82e1d",
 "from": "local/busybox",
 "Type": "container",
 "Action": "start",
 "Actor": {
  "ID": "5e7dd30d0d31da254258ca623f0543dec2ea2ce945315c7a7432356bb3f82e1d",
  "Attributes": {
   "image": "local/busybox",
   "name": "coreref"
  }
 },
 "scope": "local",
 "time": 1795434803,
 "timeNano": 1795434803873419694
})json";

inline constexpr const char* network_event = R"json({
 "Type": "network",
 "Action": "connect",
 "Actor": {
  "ID": "233af45ae282a18a2169540c6a2423bbb994a0553c55862be18b4fd5803c7830",
  "Attributes": {
   "container": "5e7dd30d0d31da254258ca623f0543dec2ea2ce945315c7a7432356bb3f82e1d",
   "name": "bridge",
   "type": "bridge"
  }
 },
 "scope": "local",
 "time": 1795434803,
 "timeNano": 1795434803848980182
})json";

inline constexpr const char* no_volumes = R"json({
 "Volumes": [],
 "Warnings": null
})json";

}  // namespace stack::engine::api::captured
