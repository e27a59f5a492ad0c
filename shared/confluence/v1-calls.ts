/**
 * The calls of v1 that are used. Loaded when the first of them is made: their schemas describe all that v1 knows (12 ms), and who
 * only fetches pages calls none of them.
 */
export {
  checkContentPermission,
  getCurrentUser,
  getGroupMembersByGroupId,
  getGroups,
  getRestrictionsForOperation,
  searchByCQL,
  searchContentByCQL,
} from "confluence.js/v1";
