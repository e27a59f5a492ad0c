import type { Folder, Site } from "#infra/local/confluence-site/site.ts";

/** Which folders a search for changes must find by their present names, as an observer sees it who looks after each deed. */
export type FolderNames = {
  /** Looks now. */
  observe: () => void;
  /** Not after it was out of the account's sight: then the next complete listing reads its name. */
  isFindable: (folderId: string) => boolean;
};

export function makeFolderNames(site: Site, isPresent: (folder: Folder) => boolean): FolderNames {
  const names = new Map<string, { title: string; isFindable: boolean }>();
  return {
    observe: () => {
      for (const folder of site.folders.values()) {
        const known = names.get(folder.id);
        const wasFindable = known?.title !== folder.title || known.isFindable;
        names.set(folder.id, { title: folder.title, isFindable: wasFindable && isPresent(folder) });
      }
    },
    isFindable: (folderId) => names.get(folderId)?.isFindable ?? false,
  };
}
