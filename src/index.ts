import { hasForeignHost } from './environment';
import { featuresPlugin } from './features';
import { kernelPlugin } from './kernelplugin';
import { hostPlugins } from './services';

export default [...(hasForeignHost() ? [] : hostPlugins), kernelPlugin, featuresPlugin];
