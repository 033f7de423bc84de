// What tests do with Testcontainers for Node, one operation a row; as dockerode.js. Environment: DOCKER_HOST, IMAGE, BUILD (a folder
// with a Dockerfile).
'use strict';
const assert = require('assert');
const http = require('http');
const { GenericContainer, Network, Wait, getContainerRuntimeClient } = require('testcontainers');

const image = process.env.IMAGE;
const forever = ['sleep', '1000'];

const get = (host, port) => new Promise((resolve, reject) => {
  http.get({ host, port, path: '/' }, (answer) => {
    let body = '';
    answer.on('data', (piece) => { body += piece; });
    answer.on('end', () => resolve(body));
  }).on('error', reject);
});

const rows = {
  async 'the runtime is found'() { assert.ok((await getContainerRuntimeClient()).info.containerRuntime.host); },
  async 'a container, a command in it, its end'() {
    const container = await new GenericContainer(image).withCommand(forever).withEnvironment({ NAME: 'value' }).start();
    const { output, exitCode } = await container.exec(['sh', '-c', 'echo $NAME; exit 4']);
    assert.equal(output, 'value\n');
    assert.equal(exitCode, 4);
    await container.stop({ timeout: 0 });
  },
  async 'a port that is waited for'() {
    const container = await new GenericContainer(image).withExposedPorts(8080)
      .withCommand(['sh', '-c', 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 8080 -h /www'])
      .withWaitStrategy(Wait.forListeningPorts()).start();
    assert.equal(await get(container.getHost(), container.getMappedPort(8080)), 'page\n');
    await container.stop({ timeout: 0 });
  },
  async 'a line of the log that is waited for'() {
    const container = await new GenericContainer(image).withCommand(['sh', '-c', 'sleep 0.2; echo ready to serve; sleep 1000'])
      .withWaitStrategy(Wait.forLogMessage(/ready to .*/)).start();
    await container.stop({ timeout: 0 });
  },
  async 'a health check that is waited for'() {
    const container = await new GenericContainer(image).withCommand(['sh', '-c', 'sleep 0.2; touch /tmp/ok; sleep 1000'])
      .withHealthCheck({ test: ['CMD', 'test', '-e', '/tmp/ok'], interval: 200, timeout: 2000, retries: 20 })
      .withWaitStrategy(Wait.forHealthCheck()).start();
    await container.stop({ timeout: 0 });
  },
  async 'content copied in before the start, and out'() {
    const container = await new GenericContainer(image).withCommand(forever)
      .withCopyContentToContainer([{ content: 'copied', target: '/tmp/in' }]).start();
    assert.equal((await container.exec(['cat', '/tmp/in'])).output, 'copied');
    const archive = await container.copyArchiveFromContainer('/tmp/in');
    const pieces = [];
    for await (const piece of archive) pieces.push(piece);
    assert.ok(Buffer.concat(pieces).includes('copied'));
    await container.stop({ timeout: 0 });
  },
  async 'two containers on a network, by alias'() {
    const network = await new Network().start();
    const server = await new GenericContainer(image).withNetwork(network).withNetworkAliases('server')
      .withCommand(['sh', '-c', 'mkdir /www; echo here > /www/index.html; exec httpd -f -p 80 -h /www']).start();
    const client = await new GenericContainer(image).withNetwork(network).withCommand(forever).start();
    const { output } = await client.exec(['sh', '-c', 'for i in 1 2 3 4 5; do wget -qO- http://server/ && break; sleep 0.2; done']);
    assert.equal(output, 'here\n');
    await client.stop({ timeout: 0 });
    await server.stop({ timeout: 0 });
    await network.stop();
  },
  async 'restart and logs'() {
    const container = await new GenericContainer(image).withCommand(['sh', '-c', 'echo started; sleep 1000']).start();
    await container.restart({ timeout: 0 });
    const logs = await container.logs();
    const first = await new Promise((resolve) => { logs.once('data', (line) => resolve(line.toString())); });
    assert.ok(first.includes('started'));
    await container.stop({ timeout: 0 });
  },
  async 'a tmpfs, a bind, a user and a limit'() {
    const container = await new GenericContainer(image).withCommand(forever).withUser('33').withTmpFs({ '/scratch': 'rw' })
      .withBindMounts([{ source: '/etc/hostname', target: '/bound', mode: 'ro' }]).withResourcesQuota({ memory: 0.0625 }).start();
    assert.equal((await container.exec(['id', '-u'])).output, '33\n');
    assert.equal((await container.exec(['test', '-s', '/bound'])).exitCode, 0);
    await container.stop({ timeout: 0 });
  },
  async 'an image built from a Dockerfile'() {
    const built = await GenericContainer.fromDockerfile(process.env.BUILD).build('testcontainers/built:1', { deleteOnExit: false });
    const container = await built.withCommand(forever).start();
    assert.equal((await container.exec(['cat', '/hello'])).output, 'hello from the context\n');
    await container.stop({ timeout: 0 });
  },
  async 'commit'() {
    const container = await new GenericContainer(image).withCommand(forever).start();
    await container.exec(['touch', '/committed']);
    const id = await container.commit({ repo: 'testcontainers/committed', tag: '1', deleteOnExit: false });
    assert.ok(id);
    await container.stop({ timeout: 0 });
  },
};

// Testcontainers does not let a stream of logs keep the process alive: with nothing else to wait for it would end before the first
// line, and with 0. So something else does, and only the end of the rows means success.
process.exitCode = 1;
setInterval(() => {}, 60_000);

(async () => {
  let failed = 0;
  for (const [name, row] of Object.entries(rows)) {
    try {
      await row();
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`failed ${name}: ${error.stack}`);
    }
  }
  console.log(`${Object.keys(rows).length} rows, ${failed} failed`);
  process.exit(failed ? 1 : 0);
})();
