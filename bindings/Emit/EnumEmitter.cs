using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Emit;

/// <summary>Writes one enum, a file of its own because the public ones are.</summary>
internal static class EnumEmitter
{
    public static string Emit(CEnum e, Settings settings, Names names)
    {
        EnumSettings own = names.EnumSettings(e);
        CodeWriter code = new(settings, own.Public ? "Quant.Net" : "Quant.Net.Native");
        DocWriter docs = new(names);
        docs.Write(code, e.Doc);
        code.Open($"{(own.Public ? "public" : "internal")} enum {own.Name} : int");
        for (int i = 0; i < e.Members.Count; i++)
        {
            if (i > 0)
            {
                code.Line();
            }

            CEnumMember member = e.Members[i];
            string name = names.Member(e, member);
            docs.Write(code, member.Doc, own.Undocumented?.Replace("{name}", name).Replace("{value}", $"{member.Value}"));
            code.Line($"{name} = {member.Value},");
        }

        code.Close();
        return code.ToString();
    }
}
