import { SqliteStore, type SqliteStoreOptions } from "../../adapters/embedded/sqlite-store.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { onTestFinished } from "vitest";

/** A store of its own for one test, closed and removed after it. A given `folder` is used and left in place. */
export function openTemporaryStore(options: Partial<SqliteStoreOptions> = {}): SqliteStore {
  const folder = options.folder ?? temporaryFolder();
  const store = SqliteStore.open({ durability: "normal", checkpoint: false, ...options, folder });
  onTestFinished(() => store.close());
  return store;
}
