import { rm } from 'node:fs/promises';

export default async function teardown() {
  const { server, directory, servers } = globalThis.strongroomTestServer;
  await servers.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
