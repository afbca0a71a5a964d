using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Federated.Client.Torch.Native;

/// <summary>
/// Loads TorchSharp's native library on Linux hosts whose libstdc++ is older than the one that it was linked with.
/// </summary>
/// <remarks>
/// <c>libLibTorchSharp.so</c> asks for version GLIBCXX_3.4.32 of libstdc++, for a single symbol that nothing refers to
/// (<c>_ZSt21ios_base_library_initv</c>). Debian 12 and Ubuntu 22.04 stop at 3.4.30, and their loader refuses the library. There the resolver loads a
/// copy in memory in which that one need is weak. It is asked only after the ordinary load has failed, so other hosts
/// never see it, and no file is changed. See <c>docs/libtorch.md</c>.
/// </remarks>
public static class TorchNativeResolver
{
    private const string LibraryName = "LibTorchSharp";
    private const string FileName = "libLibTorchSharp.so";

    private static readonly Lock Gate = new();
    private static bool _registered;
    private static nint _library;

    /// <summary>
    /// Registers the resolver. It is cheap, loads nothing, and may be called any number of times; applications that
    /// reference this package call it by a module initializer that the build adds.
    /// </summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (_registered || !OperatingSystem.IsLinux())
            {
                return;
            }

            AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly) ?? AssemblyLoadContext.Default;
            context.ResolvingUnmanagedDll += Resolve;
            _registered = true;
        }
    }

    private static nint Resolve(Assembly assembly, string name)
    {
        if (name != LibraryName || assembly != typeof(torch).Assembly)
        {
            return 0;
        }

        lock (Gate)
        {
            if (_library == 0)
            {
                _library = LoadPatched();
            }

            return _library;
        }
    }

    private static nint LoadPatched()
    {
        if (Locate(FileName) is not { } original)
        {
            return 0;
        }

        byte[] image = File.ReadAllBytes(original);
        if (!ElfVersionNeed.MarkWeak(image, "libstdc++.so.6", "GLIBCXX_3.4.32"))
        {
            return 0;
        }

        // The copy has no folder of its own to look in ($ORIGIN), so what it depends on is loaded first; the loader then finds it by name.
        foreach (string dependency in (ReadOnlySpan<string>)["libc10.so", "libtorch_cpu.so", "libtorch.so"])
        {
            if (Locate(dependency) is not { } path || !NativeLibrary.TryLoad(path, out _))
            {
                return 0;
            }
        }

        using LinuxMemoryFile? file = LinuxMemoryFile.TryCreate(FileName, image);
        return file is not null && NativeLibrary.TryLoad(file.Path, out nint library) ? library : 0;
    }

    private static string? Locate(string fileName)
    {
        string probing = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return probing.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"))
            .Select(folder => Path.Combine(folder, fileName))
            .FirstOrDefault(File.Exists);
    }
}
