export {
  type ComponentType,
  Fragment,
  h,
  type VNode,
} from "npm:preact@^10.29.1";
export { renderToString } from "npm:preact-render-to-string@^6.6.5";
