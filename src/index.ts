import { hasForeignHost } from './environment';
import { kernelPlugin } from './kernelplugin';
import { hostPlugins } from './services';

export default [...(hasForeignHost() ? [] : hostPlugins), kernelPlugin];
