using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// All signatures are blittable: nothing is to be marshalled, and anything that would need it must not compile.
[assembly: DisableRuntimeMarshalling]

// The resolver of NativeLibraryLoader looks elsewhere first; what it hands back to the runtime is looked up beside the assembly only.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
