import { rm } from 'node:fs/promises';

export default async function teardown() {
  const { server, directory } = globalThis.strongroomTestServer;
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
