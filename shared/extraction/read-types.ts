/** Bytes of a file that is read; one that is larger is found by its name. */
export const MOST_BYTES = 50 * 2 ** 20;

/** Media that has no text, by its media type or, where that says nothing, by the ending of its name. */
const MEDIA_TYPES = /^(?:image|video|audio|font)\//;
const ENDINGS =
  /\.(?:png|jpe?g|gif|bmp|tiff?|webp|svg|ico|heic|mp4|mov|avi|webm|mkv|mp3|wav|ogg|m4a|zip|gz|tgz|tar|7z|rar|jar|war|exe|msi|dmg|iso|bin|dll|so|class|doc|xls|ppt|vsdx?|drawio|gliffy|psd|ai|eps|sketch|fig|ttf|woff2?)$/i;

/** Why a file of this type need not be downloaded: its text is not read. Null: it may have text, which its bytes decide. */
export function unreadType(name: string, mediaType: string | null): string | null {
  const ending = ENDINGS.exec(name)?.[0];
  if (!ending && !(mediaType && MEDIA_TYPES.test(mediaType))) return null;
  return `Files of the type ${ending ?? mediaType} are not read`;
}
