// What programs do with dockerode (the Node client), one operation a row. Prints "ok ROW" or "failed ROW: why".
// Environment: DOCKER_HOST=unix://..., IMAGE, ARCHIVE (a tar with a file "hello").
'use strict';
const assert = require('assert');
const fs = require('fs');
const { PassThrough } = require('stream');
const Docker = require('dockerode');

const docker = new Docker({ socketPath: process.env.DOCKER_HOST.replace('unix://', '') });
const image = process.env.IMAGE;
const state = {};

async function text(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const finished = (stream) => new Promise((resolve, reject) => docker.modem.followProgress(stream, (error, lines) => (error ? reject(error) : resolve(lines))));

/// Standard output and error of a multiplexed stream.
async function demultiplexed(stream) {
  const out = new PassThrough();
  const err = new PassThrough();
  docker.modem.demuxStream(stream, out, err);
  stream.on('end', () => { out.end(); err.end(); });
  return { out: await text(out), err: await text(err) };
}

const rows = {
  async ping() { assert.equal((await docker.ping()).toString(), 'OK'); },
  async version() { assert.equal((await docker.version()).ApiVersion, '1.51'); },
  async info() { assert.equal((await docker.info()).OSType, 'linux'); },
  async 'image inspect and history'() {
    const inspect = await docker.getImage(image).inspect();
    assert.ok(inspect.RepoTags.includes(image));
    assert.ok((await docker.getImage(image).history()).length > 0);
  },
  async 'list images with a filter'() {
    assert.equal((await docker.listImages({ filters: { reference: [image] } })).length, 1);
  },
  async 'tag and remove an image'() {
    await docker.getImage(image).tag({ repo: 'dockerode/tag', tag: '2' });
    assert.deepEqual((await docker.getImage('dockerode/tag:2').remove())[0], { Untagged: 'dockerode/tag:2' });
  },
  async 'run with output'() {
    const out = new PassThrough();
    const all = text(out);
    const [result, container] = await docker.run(image, ['sh', '-c', 'echo hello'], out, { Tty: true });
    out.end();
    assert.equal(result.StatusCode, 0);
    assert.equal(await all, 'hello\r\n');
    await container.remove();
  },
  async 'create and start'() {
    state.container = await docker.createContainer({
      Image: image, name: 'dockerode-c', Cmd: ['sh', '-c', 'echo out; echo err >&2; exec sleep 1000'], Labels: { by: 'dockerode' },
      ExposedPorts: { '80/tcp': {} }, HostConfig: { Init: true, PortBindings: { '80/tcp': [{ HostPort: '' }] } },
    });
    await state.container.start();
    const inspect = await state.container.inspect();
    assert.equal(inspect.State.Running, true);
    assert.ok(Number(inspect.NetworkSettings.Ports['80/tcp'][0].HostPort) > 0);
  },
  async 'start again is 304'() {
    await assert.rejects(state.container.start(), (error) => error.statusCode === 304);
  },
  async 'list containers by label'() {
    const found = await docker.listContainers({ filters: { label: ['by=dockerode'] } });
    assert.deepEqual(found.map((c) => c.Names), [['/dockerode-c']]);
  },
  async logs() {
    const logs = await state.container.logs({ stdout: true, stderr: false });
    assert.equal(logs.subarray(8).toString(), 'out\n');
  },
  async 'follow logs until the end'() {
    const short = await docker.createContainer({ Image: image, Cmd: ['sh', '-c', 'echo one; sleep 0.1; echo two'] });
    await short.start();
    const { out } = await demultiplexed(await short.logs({ stdout: true, follow: true }));
    assert.equal(out, 'one\ntwo\n');
    await short.remove();
  },
  async 'exec with streams and status'() {
    const exec = await state.container.exec({ Cmd: ['sh', '-c', 'cat; echo no >&2; exit 3'], AttachStdin: true, AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({ hijack: true, stdin: true });
    stream.write('through');
    stream.end();
    assert.deepEqual(await demultiplexed(stream), { out: 'through', err: 'no\n' });
    assert.equal((await exec.inspect()).ExitCode, 3);
  },
  async 'attach with input'() {
    const cat = await docker.createContainer({ Image: image, Cmd: ['cat'], OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true });
    const stream = await cat.attach({ stream: true, stdin: true, stdout: true, hijack: true });
    await cat.start();
    stream.write('typed\n');
    stream.end();
    assert.equal((await demultiplexed(stream)).out, 'typed\n');
    assert.equal((await cat.wait()).StatusCode, 0);
    await cat.remove();
  },
  async 'put and get an archive'() {
    await state.container.putArchive(process.env.ARCHIVE, { path: '/tmp' });
    const archive = await text(await state.container.getArchive({ path: '/tmp/hello' }));
    assert.ok(archive.includes('hello from the archive'));
    assert.ok((await state.container.infoArchive({ path: '/tmp/hello' })).headers['x-docker-container-path-stat']);
  },
  async stats() {
    const stats = await state.container.stats({ stream: false });
    assert.ok(stats.memory_stats.usage > 0);
    assert.ok(stats.networks.eth0);
  },
  async top() { assert.ok((await state.container.top()).Processes.length > 0); },
  async changes() {
    assert.ok((await state.container.changes()).some((change) => change.Path === '/tmp/hello' && change.Kind === 1));
  },
  async update() {
    await state.container.update({ Memory: 64 << 20, MemorySwap: 128 << 20, RestartPolicy: { Name: 'unless-stopped' } });
    const { HostConfig } = await state.container.inspect();
    assert.equal(HostConfig.Memory, 64 << 20);
    assert.equal(HostConfig.RestartPolicy.Name, 'unless-stopped');
  },
  async rename() {
    await state.container.rename({ name: 'dockerode-renamed' });
    assert.equal((await state.container.inspect()).Name, '/dockerode-renamed');
  },
  async 'pause and unpause'() {
    await state.container.pause();
    assert.equal((await state.container.inspect()).State.Paused, true);
    await state.container.unpause();
  },
  async commit() {
    const made = await state.container.commit({ repo: 'dockerode/committed', tag: '1', changes: 'CMD ["true"]' });
    assert.deepEqual((await docker.getImage('dockerode/committed:1').inspect()).Config.Cmd, ['true']);
    assert.ok(made.Id.startsWith('sha256:'));
    await docker.getImage('dockerode/committed:1').remove();
  },
  async export() { assert.ok((await text(await state.container.export())).includes('busybox')); },
  async resize() { await state.container.resize({ h: 10, w: 20 }); },
  async 'save and load'() {
    const archive = await docker.getImage(image).get();
    const lines = await finished(await docker.loadImage(archive));
    assert.ok(JSON.stringify(lines).includes('Loaded image'));
  },
  async 'build from a tar'() {
    const lines = await finished(await docker.buildImage(process.env.CONTEXT, { t: 'dockerode/built:1' }));
    assert.ok(JSON.stringify(lines).includes('Successfully tagged dockerode/built:1'));
    await docker.getImage('dockerode/built:1').remove();
  },
  async networks() {
    const network = await docker.createNetwork({ Name: 'dockerode-net', Labels: { by: 'dockerode' } });
    await network.connect({ Container: 'dockerode-renamed' });
    assert.equal(Object.keys((await network.inspect()).Containers).length, 1);
    await network.disconnect({ Container: 'dockerode-renamed' });
    assert.equal((await docker.listNetworks({ filters: { label: ['by=dockerode'] } })).length, 1);
    await network.remove();
  },
  async volumes() {
    const volume = await docker.createVolume({ Name: 'dockerode-vol', Labels: { by: 'dockerode' } });
    assert.equal((await docker.getVolume('dockerode-vol').inspect()).Driver, 'local');
    assert.equal((await docker.listVolumes({ filters: { label: ['by=dockerode'] } })).Volumes.length, 1);
    await docker.getVolume('dockerode-vol').remove();
    assert.ok(volume);
  },
  async events() {
    const now = Math.floor(Date.now() / 1000) + 1;
    const filters = { container: [state.container.id] };
    const lines = (await text(await docker.getEvents({ since: 1, until: now, filters }))).trim().split('\n');
    const actions = lines.map((line) => JSON.parse(line).Action);
    for (const wanted of ['create', 'start', 'rename', 'update', 'pause', 'commit']) assert.ok(actions.includes(wanted), `${wanted} in ${actions}`);
  },
  async df() { assert.ok((await docker.df()).Containers.some((c) => c.SizeRw > 0)); },
  async 'wait for a stop'() {
    const waiting = state.container.wait();
    await state.container.stop({ t: 0 });
    assert.ok([137, 143].includes((await waiting).StatusCode));
  },
  async prune() {
    const pruned = await docker.pruneContainers({ filters: { label: ['by=dockerode'] } });
    assert.equal(pruned.ContainersDeleted.length, 1);
  },
  async 'a missing container is 404'() {
    await assert.rejects(docker.getContainer('none-such').inspect(), (error) => error.statusCode === 404);
  },
};

process.exitCode = 1;  // should nothing be left to wait for before the last row
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
  fs.writeSync(1, `${Object.keys(rows).length} rows, ${failed} failed\n`);
  process.exit(failed ? 1 : 0);
})();
