// Jobs and containers before a service: what loads, what does not, what `run` makes of a job. How they are printed is in the
// corpus.
#include "compose/jobs.hpp"

#include <gtest/gtest.h>

#include "load_text.hpp"

namespace stack::compose {
namespace {

std::string mistake(const std::string& job, const std::string& rest = "") {
  return error_of("name: t\njobs:\n  j:\n    image: x\n    " + job + "\n" + rest);
}

TEST(Jobs, AreContainersWithTriggers) {
  const Project project = load_text(R"(name: t
services: {db: {image: d}}
jobs:
  backup:
    image: b
    environment: [KEEP=3]
    volumes: ["data:/data"]
    depends_on: [db]
    triggers:
      manual: "false"
      schedule:
        - "0 3 * * *"
        - {cron: "*/5 * * * *", timezone: Europe/Paris, concurrency: queue, missed_fires: skip}
volumes: {data: , unused: }
)");
  const Service& job = project.jobs.at("backup");
  EXPECT_EQ(job.environment, (OptionalStringMap{{"KEEP", "3"}}));
  EXPECT_EQ(job.triggers->manual, false);
  ASSERT_EQ(job.triggers->schedule.size(), 2U);
  EXPECT_EQ(job.triggers->schedule[0].cron, "0 3 * * *");
  EXPECT_EQ(job.triggers->schedule[1].timezone, "Europe/Paris");
  EXPECT_TRUE(job.networks.contains("default"));
  EXPECT_EQ(project.volumes.size(), 1U);
  EXPECT_EQ(job.where("triggers.schedule[1]").substr(0, 16), "compose.yaml:13:");
}

TEST(Jobs, SayWhenTheyRun) {
  EXPECT_EQ(mistake("user: root"), "compose.yaml:3:3: jobs.j.triggers: 'manual: true' or a 'schedule' must say when it runs");
  EXPECT_EQ(mistake("triggers: {}"), "compose.yaml:5:5: jobs.j.triggers: 'manual: true' or a 'schedule' must say when it runs");
  EXPECT_EQ(mistake("triggers: {manual: true, schedule: ['* * * * *']}"),
            "compose.yaml:5:16: jobs.j.triggers.manual: 'true' excludes a 'schedule'; without it the job can be run by hand as "
            "well");
  EXPECT_EQ(
      mistake("triggers: {schedule: '* * * * *'}"),
      "compose.yaml:5:26: jobs.j.triggers.schedule: expected a list of cron expressions or mappings, found a string (* * * "
      "* *)");
  EXPECT_EQ(mistake("triggers: {schedule: [{timezone: UTC, concurrency: replace, missed_fires: all}]}"),
            "compose.yaml:5:27: jobs.j.triggers.schedule[0]: 'cron' is missing\n"
            "compose.yaml:5:56: jobs.j.triggers.schedule[0].concurrency: 'replace' is not one of forbid, queue\n"
            "compose.yaml:5:79: jobs.j.triggers.schedule[0].missed_fires: 'all' is not one of one, skip");
}

TEST(Jobs, HaveNothingOfContainersThatStay) {
  EXPECT_EQ(mistake("restart: always"), "compose.yaml:5:5: jobs.j: unknown key 'restart'");
  EXPECT_EQ(mistake("triger: {}"), "compose.yaml:5:5: jobs.j: unknown key 'triger'; did you mean 'triggers'?");
}

TEST(Jobs, AreNotMixedUpWithServices) {
  EXPECT_EQ(mistake("triggers: {manual: true}", "services: {j: {image: y}}\n"),
            "compose.yaml:3:3: jobs.j: is the name of a service too: `run` could mean either");
  EXPECT_EQ(mistake("triggers: {manual: true}", "services: {a: {image: y, depends_on: [j]}}\n"),
            "compose.yaml:6:39: services.a.depends_on.j: 'j' is a job: only jobs can wait for one");
  EXPECT_EQ(
      mistake("triggers: {manual: true}\n    depends_on: [k]", "  k: {image: y, depends_on: [j], triggers: {manual: true}}\n"),
      "compose.yaml:3:3: jobs.j: dependency cycle detected: j -> k -> j");
}

TEST(Jobs, AreSwitchedByProfilesAndByTheirName) {
  const char* text =
      "name: t\nservices: {db: {image: d, profiles: [p]}}\n"
      "jobs: {j: {image: x, profiles: [p], depends_on: [db], triggers: {manual: true}}, k: {image: y, triggers: {manual: "
      "true}}}\n";
  ProjectDirectory directory;
  directory.file("compose.yaml", text);
  const Project without = directory.load().project;
  EXPECT_FALSE(without.jobs.contains("j"));
  EXPECT_TRUE(without.jobs.contains("k"));
  directory.options.services = {"j"};
  const Project named = directory.load().project;
  EXPECT_TRUE(named.jobs.contains("j"));
  EXPECT_TRUE(named.services.contains("db"));
}

TEST(Jobs, BecomeServicesForARunAndWhatTheyWaitForHasToEndWell) {
  Project project = load_text(
      "name: t\nservices: {db: {image: d}}\n"
      "jobs: {a: {image: x, depends_on: [db, b], triggers: {manual: true}}, b: {image: y, triggers: {manual: true}}, c: "
      "{image: "
      "z, triggers: {manual: false}}}\n");
  make_services_of_job(project, "a");
  EXPECT_EQ(project.jobs.size(), 1U);
  EXPECT_TRUE(project.services.contains("b"));
  EXPECT_EQ(project.services.at("a").depends_on.at("b").condition, DependencyCondition::service_completed_successfully);
  EXPECT_EQ(project.services.at("a").depends_on.at("db").condition, DependencyCondition::service_started);
  EXPECT_THROW(make_services_of_job(project, "c"), Error);
  make_services_of_job(project, "db");  // a service: nothing to do
}

TEST(PreStart, SaysAnythingOfAContainer) {
  const Service service = service_with(
      "pre_start: [{command: z, image: i, per_replica: true, volumes: ['./a:/b'], extra_hosts: [h=1.2.3.4], mem_limit: 1m, "
      "labels: [l=1]}]");
  const Service& container = service.pre_start.at(0);
  EXPECT_TRUE(container.per_replica);
  EXPECT_EQ(container.volumes.at(0).target, "/b");
  EXPECT_EQ(container.mem_limit, 1 << 20);
  EXPECT_EQ(container.labels.at("l"), "1");
}

TEST(PreStart, KeepsWhatItAloneUses) {
  const Project project = load_text(
      "name: t\nservices: {a: {image: x, pre_start: [{command: c, volumes: ['v:/v']}]}}\n"
      "volumes: {v: , w: }\n");
  EXPECT_TRUE(project.volumes.contains("v"));
  EXPECT_EQ(project.volumes.size(), 1U);
}

TEST(PreStart, IsNotMadeStoppedOrReachedInItsOwnWay) {
  for (const std::string key : {"build: .", "ports: [80]", "depends_on: [b]", "restart: always", "post_start: []", "scale: 2"})
    EXPECT_EQ(error_of("services:\n  a:\n    image: x\n    pre_start: [{" + key + "}]\n"),
              "compose.yaml:4:18: services.a.pre_start[0]: unknown key '" + key.substr(0, key.find(':')) + "'");
}

}  // namespace
}  // namespace stack::compose
