using Microsoft.Win32.SafeHandles;
using Quant.Net.IO;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Conversion;

public sealed class WriteBackTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatTheSystemRefusesMeanwhileIsTold()
    {
        SafeFileHandle file = File.OpenHandle(_folder["file"], FileMode.CreateNew, FileAccess.Write);
        var back = new WriteBack(file);
        file.Dispose();   // stands for a disk that fails
        back.Add(WriteBack.BytesBetween - 1);
        back.Wait();
        back.Add(1);

        Assert.Throws<ObjectDisposedException>(back.Wait);
        Assert.Throws<ObjectDisposedException>(() => back.Add(WriteBack.BytesBetween));
    }
}
