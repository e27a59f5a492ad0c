/** Bytes of a file that is read; one that is larger is found by its name. */
export const MOST_BYTES = 50 * 2 ** 20;

/** Media that has no text, by its media type or, where that says nothing, by the ending of its name. */
const MEDIA_TYPES = /^(?:image|video|audio|font)\//;
const ENDINGS =
  /\.(?:png|jpe?g|gif|bmp|tiff?|webp|svg|ico|heic|mp4|mov|avi|webm|mkv|mp3|wav|ogg|m4a|zip|gz|tgz|tar|7z|rar|jar|war|exe|msi|dmg|iso|bin|dll|so|class|doc|xls|ppt|vsdx?|drawio|gliffy|psd|ai|eps|sketch|fig|ttf|woff2?)$/i;

/** Types that OCR reads, by the ending of the name or by the media type; of JavaScript and of Postgres, any case. */
export const OCR_TYPES = String.raw`\.(pdf|png|jpe?g)$|^(application/pdf|image/(png|jpeg))`;

/**
 * Why a file of this type need not be downloaded: its text is not read, or not without `ocr`. Null: it may have text, which its bytes
 * decide.
 */
export function unreadType(name: string, mediaType: string | null, ocr: boolean): string | null {
  const ending = ENDINGS.exec(name)?.[0];
  const type = ending ?? mediaType;
  if (type === null || !(ending || MEDIA_TYPES.test(type))) return null;
  if (!isReadByOcr(type)) return `Files of the type ${type} are not read`;
  return ocr ? null : `Files of the type ${type} are read by OCR only, which is off (OCR=local)`;
}

/** Whether OCR may find text in a file with this name or media type. */
export function isReadByOcr(nameOrType: string): boolean {
  return new RegExp(OCR_TYPES, "i").test(nameOrType);
}
